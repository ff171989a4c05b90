package org.instella.tokenize.shard;

/** When the end-of-document id follows a document. */
public enum EosRule {
  /** After every document, also one whose text ends with the end-of-document token. */
  ALWAYS,
  /** After every document that does not end with it already: Dolma's rule, and the default. */
  UNLESS_LAST,
  /** Never: the text brings its own, as prepared conversations do. */
  NEVER;

  /** Whether {@code eosId} is to follow the first {@code size} of {@code ids}. */
  public boolean appends(int[] ids, int size, int eosId) {
    return switch (this) {
      case ALWAYS -> true;
      case UNLESS_LAST -> size == 0 || ids[size - 1] != eosId;
      case NEVER -> false;
    };
  }

  /** The name in recipes and shard metadata: {@code unless-last}. */
  public String text() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  /**
   * Reads {@link #text()} back.
   *
   * @throws IllegalArgumentException for any other text
   */
  public static EosRule parse(String text) {
    for (EosRule rule : values()) {
      if (rule.text().equals(text)) {
        return rule;
      }
    }
    throw new IllegalArgumentException(
        "eos rule is %s; allowed are always, unless-last, never".formatted(text));
  }
}
