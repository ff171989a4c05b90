package org.instella.tokenize.shard;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Optional;
import java.util.zip.CRC32C;
import org.instella.tokenize.document.DocumentReader;

/**
 * What the input of a shard was, to be compared should anybody ask: the CRC-32C of a slice's stored
 * bytes, or, of several slices, the CRC-32C of theirs, each as eight hexadecimal digits and a
 * newline.
 *
 * <p>It costs nothing, since the bytes pass by anyway and the processor has an instruction for it;
 * SHA-256 of a terabyte would cost an hour of a core.
 */
final class InputChecksum {
  private final CRC32C all = new CRC32C();
  private String first = "";
  private int slices;
  private boolean known = true;

  void add(DocumentReader reader) {
    Optional<String> one = reader.crc32c();
    known &= one.isPresent();
    first = slices == 0 ? one.orElse("") : first;
    all.update((one.orElse("") + "\n").getBytes(US_ASCII));
    slices++;
  }

  /** Eight hexadecimal digits; the empty text where a slice was not read front to back. */
  String text() {
    if (!known || slices == 0) {
      return "";
    }
    return slices == 1 ? first : "%08x".formatted(all.getValue());
  }
}
