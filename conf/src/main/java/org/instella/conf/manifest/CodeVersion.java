package org.instella.conf.manifest;

/** The version of this code, as its jar states it. */
public final class CodeVersion {
  private CodeVersion() {}

  /** {@code development} when the classes do not come from a jar. */
  public static String current() {
    String version = CodeVersion.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
