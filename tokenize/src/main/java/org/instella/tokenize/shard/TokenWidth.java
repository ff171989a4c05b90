package org.instella.tokenize.shard;

/** How wide one token id is on disk: little-endian, unsigned. */
public enum TokenWidth {
  /** Two bytes, for vocabularies of up to 65,536 ids. */
  UINT16(2),
  /** Four bytes, for larger ones. */
  UINT32(4);

  private final int bytes;

  TokenWidth(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one id. */
  public int bytes() {
    return bytes;
  }

  /** Bits of one id. */
  public int bits() {
    return bytes * 8;
  }

  /** The narrowest width that holds every id below {@code vocabularySize}. */
  public static TokenWidth of(int vocabularySize) {
    return vocabularySize <= 1 << 16 ? UINT16 : UINT32;
  }
}
