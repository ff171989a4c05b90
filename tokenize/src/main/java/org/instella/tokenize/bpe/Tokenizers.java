package org.instella.tokenize.bpe;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens tokenizers; the file alone decides which implementation serves it. */
public final class Tokenizers {
  /** The name of the tokenizer in a model folder. */
  public static final String FILE_NAME = "tokenizer.json";

  /** The largest vocabularies in use take some 35 MB. */
  private static final int MAX_BYTES = 512 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(Tokenizers.class);

  private Tokenizers() {}

  /**
   * Opens the tokenizer that {@code spec} names.
   *
   * @throws DataException if the file is missing or is no {@code tokenizer.json}
   */
  public static Tokenizer open(TokenizerSpec spec) {
    return open(Storage.standard(), spec);
  }

  /** As {@link #open(TokenizerSpec)}, from a given storage. */
  public static Tokenizer open(Storage storage, TokenizerSpec spec) {
    return parse(json(storage, spec), spec.file().uri());
  }

  /**
   * The bytes of the {@code tokenizer.json}, unpacked: what its digest is taken of and what is
   * copied into a model folder.
   */
  public static byte[] json(Storage storage, TokenizerSpec spec) {
    Location file = spec.file();
    if (storage.stat(file).folder()) {
      file = file.resolve(FILE_NAME);
    }
    byte[] bytes = storage.readBytes(file, MAX_BYTES);
    return file.name().endsWith(".gz") ? unpacked(bytes, file) : bytes;
  }

  /**
   * Reads a tokenizer from the bytes of its {@code tokenizer.json}.
   *
   * @param origin what to call the file in messages
   * @throws DataException if they are no {@code tokenizer.json}
   */
  public static Tokenizer parse(byte[] json, String origin) {
    try {
      return ByteLevelBpe.shared(json, origin).newTokenizer();
    } catch (UnsupportedTokenizerException e) {
      LOG.debug("tokenizer {} is served by the native library: {}", origin, e.getMessage());
      return HuggingFaceTokenizer.parse(json, origin);
    }
  }

  private static byte[] unpacked(byte[] packed, Location file) {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      byte[] bytes = in.readNBytes(MAX_BYTES);
      if (in.read() >= 0) {
        throw new DataException(
            TokenizerError.MALFORMED_TOKENIZER,
            "%s unpacks to more than the %,d bytes allowed for a tokenizer"
                .formatted(file, MAX_BYTES));
      }
      return bytes;
    } catch (IOException e) {
      throw new DataException(
          TokenizerError.MALFORMED_TOKENIZER,
          "%s is no whole gzip file: %s".formatted(file, e.getMessage()),
          e);
    }
  }
}
