package org.instella.jobs.command;

import org.instella.conf.manifest.Manifest;
import picocli.CommandLine.IVersionProvider;

/** Version of the code, as every manifest keeps it. */
final class VersionProvider implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "instella " + Manifest.builder("version", 1).build().codeVersion(),
      "Spark " + org.apache.spark.package$.MODULE$.SPARK_VERSION() + ", Java " + Runtime.version()
    };
  }
}
