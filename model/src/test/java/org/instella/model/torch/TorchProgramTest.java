package org.instella.model.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.instella.conf.error.BugException;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the engine promises, and each trap of program texts that was ever met. */
class TorchProgramTest {
  private static final TorchDevice CPU = TorchDevice.cpu(1);
  private static final String TEXT =
      """
      class Probe(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        count : int
        big : int
        eps : float
        flag : bool

        def attributes(self: __torch__.Probe) -> Tensor:
          flag = 0.0
          if self.flag:
            flag = 1.0
          return torch.stack([torch.full([], float(self.count), dtype=7), torch.full([], float(self.big), dtype=7), torch.full([], self.eps, dtype=7), torch.full([], flag, dtype=7)])

        # torch.tensor rounds a list of floats to float32 on its way to float64.
        def rounded(self: __torch__.Probe) -> Tensor:
          return torch.tensor([self.eps], dtype=7)

        def numbers(self: __torch__.Probe, a: int, b: float, c: bool, d: List[int]) -> Tensor:
          e = 0.0
          if c:
            e = 1.0
          return torch.tensor([float(a), b, e, float(d[1])], dtype=7)

        def sum_all(self: __torch__.Probe, xs: List[Tensor], y: Tensor) -> Tensor:
          total = y
          for i in range(len(xs)):
            total = total + xs[i]
          return total

        def two(self: __torch__.Probe, x: Tensor) -> Tuple[Tensor, Tensor]:
          return (x + 1, x + 2)

        def square_gradient(self: __torch__.Probe, x: Tensor, scale: Tensor) -> Tensor:
          torch.set_grad_enabled(True)
          leaf = x.detach().requires_grad_(True)
          y = (leaf * leaf).sum() * float(scale)
          g = torch.autograd.grad([y], [leaf])[0]
          torch.set_grad_enabled(False)
          return unchecked_cast(Tensor, g)

        def add_to_list_made_inside(self: __torch__.Probe, xs: List[Tensor], d: Tensor) -> Tensor:
          torch._foreach_add_(xs[0:1] + xs[1:], [d, d])
          return d

        def add_to_list_argument(self: __torch__.Probe, xs: List[Tensor], d: Tensor) -> Tensor:
          torch._foreach_add_(xs, [d, d])
          return d

        def write_to_views(self: __torch__.Probe, flat: Tensor, a: Tensor, b: Tensor) -> Tensor:
          torch.mm(a, b, out=torch.view(torch.narrow(flat, 0, 0, 4), [2, 2]))
          torch.narrow(flat, 0, 4, 2).copy_(a[0])
          return a

        def product(self: __torch__.Probe, a: Tensor, b: Tensor) -> Tensor:
          return torch.mm(a, b)

        def half(self: __torch__.Probe, x: Tensor) -> Tensor:
          return torch.to(x, 15)

        def whole(self: __torch__.Probe, x: Tensor) -> Tensor:
          return torch.to(x, 6)

        def reinterpret(self: __torch__.Probe, x: Tensor) -> Tensor:
          return torch.view(x, 3)
      """;

  private TorchProgram program;
  private TensorScope scope;

  @BeforeEach
  void load() {
    Map<String, Object> attributes =
        Map.of("count", -7, "big", 1L << 40, "eps", 1e-5, "flag", true);
    program = TorchProgram.compile("probe", TEXT, attributes, CPU);
    scope = TensorScope.open(CPU);
  }

  @AfterEach
  void close() {
    scope.close();
    program.close();
  }

  @Test
  void attributesReachTheProgram() {
    assertThat(program.call("attributes", scope).get(0).toDoubles())
        .containsExactly(-7, 1L << 40, 1e-5, 1);
  }

  @Test
  void tensorOfFloatsIsRoundedToFloat32EvenWhenFloat64IsAskedFor() {
    // Not wanted, but so it is in libtorch 2.7: programs use torch.full instead.
    assertThat(program.call("rounded", scope).get(0).toDoubles()).containsExactly((float) 1e-5);
  }

  @Test
  void numbersAndListsAreArguments() {
    assertThat(program.call("numbers", scope, 3, 0.5, true, new long[] {1, 9}).get(0).toDoubles())
        .containsExactly(3, 0.5, 1, 9);
    Tensor one = scope.ofFloats(new float[] {1, 2}, 2);
    Tensor ten = scope.ofFloats(new float[] {10, 20}, 2);
    assertThat(program.call("sum_all", scope, List.of(one, ten), one).get(0).toFloats())
        .containsExactly(12, 24);
    Tensor two = scope.ofFloats(new float[] {2, 3}, 2);
    assertThat(program.callWithAutograd("sum_all", scope, List.of(one, ten), two).get(0).toFloats())
        .containsExactly(13, 25);
  }

  @Test
  void anArgumentOfAnotherListDoesNotKeepItsOldPlace() {
    Tensor x = scope.ofFloats(new float[] {1}, 1);
    program.callWithAutograd("sum_all", scope, List.of(x), scope.ofFloats(new float[1], 1));
    assertThat(program.callWithAutograd("square_gradient", scope, x, 0.5).get(0).toFloats())
        .containsExactly(1);
  }

  @Test
  void aTensorAtTwoPlacesOfACallWithAutogradIsRefused() {
    Tensor x = scope.ofFloats(new float[] {1}, 1);
    assertThatThrownBy(() -> program.callWithAutograd("sum_all", scope, List.of(x), x))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a tensor is two arguments of one call with autograd");
  }

  @Test
  void autogradRunsInsideAProgram() {
    Tensor x = scope.ofFloats(new float[] {1, -2, 3}, 3);
    assertThat(program.callWithAutograd("square_gradient", scope, x, 0.5).get(0).toFloats())
        .containsExactly(1, -2, 3);
  }

  @Test
  void tensorsMadeInInferenceModeRefuseAutograd() {
    Tensor made = program.call("two", scope, scope.ofFloats(new float[] {1}, 1)).get(0);
    assertThatThrownBy(() -> program.callWithAutograd("square_gradient", scope, made, 1.0))
        .isInstanceOf(BugException.class)
        .hasMessageContaining("Program probe, method square_gradient, on cpu")
        .hasMessageContaining("nference");
  }

  @Test
  void inPlaceOnAListMadeInsideIsRemovedInSilence() {
    // Not wanted, but so it is in libtorch 2.7: if this test fails, the warning can go.
    Tensor a = scope.ofFloats(new float[] {1}, 1);
    Tensor b = scope.ofFloats(new float[] {2}, 1);
    Tensor d = scope.ofFloats(new float[] {10}, 1);
    program.callWithAutograd("add_to_list_made_inside", scope, List.of(a, b), d);
    assertThat(a.toFloats()).containsExactly(1);
    program.callWithAutograd("add_to_list_argument", scope, List.of(a, b), d);
    assertThat(a.toFloats()).containsExactly(11);
    assertThat(b.toFloats()).containsExactly(12);
  }

  @Test
  void outArgumentsAndCopiesIntoViewsOfAnArgumentAreKept() {
    Tensor flat = scope.ofFloats(nan(7), 7);
    Tensor a = scope.ofFloats(new float[] {1, 2, 3, 4}, 2, 2);
    Tensor identity = scope.ofFloats(new float[] {1, 0, 0, 1}, 2, 2);
    for (boolean autograd : new boolean[] {false, true}) {
      flat.bytes().asFloatBuffer().put(nan(7));
      if (autograd) {
        program.callWithAutograd("write_to_views", scope, flat, a, identity);
      } else {
        program.call("write_to_views", scope, flat, a, identity);
      }
      assertThat(flat.toFloats()).containsExactly(1, 2, 3, 4, 1, 2, Float.NaN);
    }
  }

  @Test
  void bytesAreTheTensorsOwnMemory() {
    Tensor x = scope.ofFloats(new float[] {1, 2}, 2);
    FloatBuffer memory = x.bytes().asFloatBuffer();
    memory.put(1, 5);
    assertThat(x.toFloats()).containsExactly(1, 5);
  }

  @Test
  void bfloat16PassesThroughJavaAsAnOpaqueHandle() {
    Tensor half = program.call("half", scope, scope.ofFloats(new float[] {1.001f, -3}, 2)).get(0);
    assertThat(program.call("whole", scope, half).get(0).toFloats()).containsExactly(1, -3);
  }

  @Test
  void resultsBelongToTheScopeTheyWereAskedFor() {
    Tensor x = scope.ofFloats(new float[] {1}, 1);
    int before = scope.size();
    try (TensorScope inner = scope.child()) {
      program.call("two", inner, x);
      program.callWithAutograd("two", inner, x);
      assertThat(inner.size()).isEqualTo(4);
    }
    assertThat(scope.size()).isEqualTo(before);
  }

  @Test
  void memoryStaysFlatOverThousandsOfCalls() {
    Tensor x = scope.ofFloats(new float[1 << 18], 512, 512);
    ResidentMemory.settle();
    long first = 0;
    for (int i = 0; i < 3000; i++) {
      try (TensorScope inner = scope.child()) {
        program.callWithAutograd("square_gradient", inner, x, 1.0);
        program.call("sum_all", inner, List.of(x), x);
      }
      if (i == 500) {
        first = ResidentMemory.bytes();
      }
    }
    // 2,500 rounds that each leaked one result of 1 MiB would have added 2.5 GiB.
    assertThat(ResidentMemory.bytes() - first).as("growth in bytes").isLessThan(32L << 20);
  }

  @Test
  void aSumIsTheSameInEveryRunWithThePinnedNumberOfThreads() {
    float[] values = new float[300 * 300];
    java.util.Random random = new java.util.Random(3);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Tensor a = scope.ofFloats(values, 300, 300);
    float[] expected = program.call("product", scope, a, a).get(0).toFloats();
    for (int i = 0; i < 20; i++) {
      assertThat(program.call("product", scope, a, a).get(0).toFloats()).isEqualTo(expected);
    }
  }

  @Test
  void aBrokenTextIsNamed() {
    assertThatThrownBy(
            () ->
                TorchProgram.compile(
                    "broken",
                    TEXT.replace("torch.mm(a, b)\n", "torch.mn(a, b)\n"),
                    Map.of("count", 1, "big", 1L, "eps", 0.0, "flag", false),
                    CPU))
        .isInstanceOf(BugException.class)
        .hasMessageContaining("Program broken does not compile")
        .hasMessageContaining("mn");
    assertThatThrownBy(() -> TorchProgram.load("absent.py", Map.of(), CPU))
        .isInstanceOf(BugException.class)
        .hasMessage("There is no program absent.py beside TorchProgram");
  }

  @Test
  void aMissingCardIsAHardErrorAndNeverTheCpu() {
    assertThatThrownBy(() -> TensorScope.open(TorchDevice.gpu(99)))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("Device gpu:99 was asked for")
        .hasMessageContaining("--device cpu");
    assertThatThrownBy(() -> TorchDevice.parse("tpu", 1))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("Unknown device 'tpu'; use cpu, gpu or gpu:N with the number of the card");
    assertThat(TorchDevice.parse("gpu:3", 2))
        .isEqualTo(new TorchDevice(TorchDevice.Kind.GPU, 3, 2));
  }

  private static float[] nan(int length) {
    float[] values = new float[length];
    java.util.Arrays.fill(values, Float.NaN);
    return values;
  }
}
