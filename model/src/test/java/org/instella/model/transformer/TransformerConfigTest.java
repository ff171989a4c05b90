package org.instella.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.junit.jupiter.api.Test;

class TransformerConfigTest {
  private static final TransformerConfig INSTELLA_3B =
      new TransformerConfig(36, 2560, 32, 32, 80, 6912, 50304, 1e-5, 10000, 4096, false, 0, 0, 1);

  @Test
  void instella3bHas399TensorsAndThePublishedNumberOfParameters() {
    assertThat(INSTELLA_3B.tensors()).hasSize(399);
    assertThat(INSTELLA_3B.parameterCount()).isEqualTo(3_112_675_840L);
  }

  @Test
  void tensorsLieBackToBackInTheOrderOfTheForwardPass() {
    long end = 0;
    for (TensorSpec tensor : INSTELLA_3B.tensors()) {
      assertThat(tensor.offset()).as(tensor.name()).isEqualTo(end);
      end = tensor.end();
    }
  }

  @Test
  void queryKeyAndValueAreNeighboursAndSoAreUpAndGate() {
    List<String> names = INSTELLA_3B.tensors().stream().map(TensorSpec::name).toList();
    String block = "model.layers.7.";
    assertThat(names)
        .containsSubsequence(
            List.of(
                block + "self_attn.q_proj.weight",
                block + "self_attn.k_proj.weight",
                block + "self_attn.v_proj.weight"))
        .containsSubsequence(List.of(block + "mlp.up_proj.weight", block + "mlp.gate_proj.weight"));
  }

  @Test
  void aTiedHeadHasNoTensorOfItsOwn() {
    TransformerConfig tied =
        new TransformerConfig(2, 64, 4, 2, 16, 96, 128, 1e-5, 10000, 64, true, 0, 0, 1);
    assertThat(tied.tensors())
        .extracting(TensorSpec::name)
        .doesNotContain(TransformerConfig.HEAD)
        .contains(TransformerConfig.EMBEDDING);
  }

  @Test
  void aRecipeGivesTheShapeWithTheDefaultsOfInstella() {
    TransformerConfig config =
        read(
            "layers = 2, hidden-size = 64, heads = 4, feed-forward-size = 96,"
                + " vocabulary-size = 256, max-positions = 128");
    assertThat(config)
        .isEqualTo(
            new TransformerConfig(2, 64, 4, 4, 16, 96, 256, 1e-5, 10000, 128, false, 0, 0, 1));
  }

  @Test
  void allProblemsOfAShapeAreToldAtOnce() {
    assertThatThrownBy(
            () ->
                read(
                    "layers = 0, hidden-size = 65, heads = 4, key-value-heads = 3,"
                        + " feed-forward-size = 96, vocabulary-size = 256, max-positions = 128"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("layers")
        .hasMessageContaining("must be an even multiple of heads = 4")
        .hasMessageContaining("must divide heads = 4");
  }

  private static TransformerConfig read(String hocon) {
    Settings root = Recipe.parse(hocon, "shape.conf").root();
    TransformerConfig config = TransformerConfig.from(root);
    root.finish();
    return config;
  }
}
