package org.instella.conf.settings;

import org.instella.conf.error.ErrorCode;

/** Failures of reading a recipe. */
public enum SettingsError implements ErrorCode {
  /** The text is no HOCON, an include is missing, or a substitution has no value. */
  UNREADABLE_RECIPE,
  /** One or more keys are unknown, missing, of the wrong type or out of range. */
  INVALID_SETTINGS
}
