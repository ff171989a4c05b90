package org.instella.jobs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The walls of the house: docs/decisions/0001-rooms.md. */
@AnalyzeClasses(packages = "org.instella", importOptions = ImportOption.DoNotIncludeTests.class)
class RoomsTest {

  @ArchTest
  static final ArchRule arrowsPointDown =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .withOptionalLayers(true)
          .layer("conf")
          .definedBy("org.instella.conf..")
          .layer("tokenize")
          .definedBy("org.instella.tokenize..")
          .layer("model")
          .definedBy("org.instella.model..")
          .layer("train")
          .definedBy("org.instella.train..")
          .layer("ensemble")
          .definedBy("org.instella.ensemble..")
          .layer("eval")
          .definedBy("org.instella.eval..")
          .layer("synth")
          .definedBy("org.instella.synth..")
          .layer("jobs")
          .definedBy("org.instella.jobs..")
          .whereLayer("jobs")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("train")
          .mayOnlyBeAccessedByLayers("jobs")
          .whereLayer("ensemble")
          .mayOnlyBeAccessedByLayers("jobs")
          .whereLayer("synth")
          .mayOnlyBeAccessedByLayers("jobs")
          .whereLayer("eval")
          .mayOnlyBeAccessedByLayers("jobs", "synth")
          .whereLayer("model")
          .mayOnlyBeAccessedByLayers("jobs", "train", "ensemble", "eval", "synth")
          .whereLayer("tokenize")
          .mayOnlyBeAccessedByLayers("jobs", "train", "eval", "synth");

  @ArchTest
  static final ArchRule onlyTheRoofKnowsSpark =
      noClasses()
          .that()
          .resideOutsideOfPackage("org.instella.jobs..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.spark..")
          .because("a room that knows Spark cannot be tested without it");

  @ArchTest
  static final ArchRule confKnowsNoTensorAndNoDomainNoun =
      noClasses()
          .that()
          .resideInAPackage("org.instella.conf..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.djl..", "org.apache.arrow..", "org.apache.parquet..")
          .orShould()
          .haveSimpleNameContaining("Tensor")
          .orShould()
          .haveSimpleNameContaining("Token")
          .orShould()
          .haveSimpleNameContaining("Checkpoint")
          .because("conf is for settings, errors, storage and manifests of anything");

  @ArchTest
  static final ArchRule oneClassFolderKnowsHowTheEngineIsCalled =
      noClasses()
          .that()
          .resideOutsideOfPackages("org.instella.model.torch..", "org.instella.tokenize.bpe..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.djl..");

  @ArchTest
  static final ArchRule theTokenizerLibraryIsNoEngine =
      noClasses()
          .that()
          .resideInAPackage("org.instella.tokenize..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.djl.pytorch..", "ai.djl.ndarray..");
}
