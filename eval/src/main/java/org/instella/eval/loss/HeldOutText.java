package org.instella.eval.loss;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.document.Document;
import org.instella.tokenize.document.DocumentEntry;
import org.instella.tokenize.document.DocumentFiles;
import org.instella.tokenize.document.DocumentLimits;
import org.instella.tokenize.document.DocumentReader;
import org.instella.tokenize.document.DocumentSchema;
import org.instella.tokenize.document.InputFile;
import org.instella.tokenize.document.InputSlice;
import org.instella.tokenize.document.RejectedLine;
import org.instella.tokenize.shard.TokenDataset;
import org.instella.tokenize.shard.TokenShard;

/**
 * Reads held-out documents from document files or from a token data set. A loss is defined on text,
 * so that models with different tokenizers can be compared: tokens are decoded again.
 */
public final class HeldOutText {
  private HeldOutText() {}

  /** {@link #ofFiles(Storage, String, DocumentSchema, int)} with Dolma's column names. */
  public static List<HeldOutDocument> ofFiles(Storage storage, String pathOrPattern, int limit) {
    return ofFiles(storage, pathOrPattern, DocumentSchema.DOLMA, limit);
  }

  /**
   * Documents of files as the {@code tokenize} command reads them.
   *
   * @param limit at most so many documents, the first ones
   * @throws DataException for a line that is no document: held-out text should be clean
   */
  public static List<HeldOutDocument> ofFiles(
      Storage storage, String pathOrPattern, DocumentSchema schema, int limit) {
    List<HeldOutDocument> documents = new ArrayList<>();
    for (InputFile file : DocumentFiles.list(storage, pathOrPattern).files()) {
      try (DocumentReader reader =
          DocumentReader.open(storage, InputSlice.whole(file), schema, DocumentLimits.STANDARD)) {
        while (documents.size() < limit && reader.hasNext()) {
          documents.add(held(reader.next()));
        }
      }
    }
    return nonEmpty(documents, pathOrPattern);
  }

  /**
   * Documents of a token data set, decoded, without the end-of-document id.
   *
   * @param tokenizer the one that made the data set
   * @param limit at most so many documents, the first ones
   * @throws DataException if another tokenizer made the data set
   */
  public static List<HeldOutDocument> ofTokens(
      Storage storage, Location folder, Tokenizer tokenizer, int limit) {
    TokenDataset dataset = TokenDataset.open(storage, folder);
    if (!dataset.tokenizerDigest().equals(tokenizer.digest())) {
      throw new DataException(
          HeldOutError.OTHER_TOKENIZER,
          "%s was made with tokenizer %s, not with the model's %s; name its documents instead"
              .formatted(folder, dataset.tokenizerDigest(), tokenizer.digest()));
    }
    List<HeldOutDocument> documents = new ArrayList<>();
    for (int s = 0; s < dataset.shards().size() && documents.size() < limit; s++) {
      TokenShard shard = dataset.shard(s);
      for (int i = 0; i < shard.documents() && documents.size() < limit; i++) {
        int[] ids = shard.document(i);
        int length = ids.length;
        while (length > 0 && ids[length - 1] == dataset.eosId()) {
          length--;
        }
        String text = tokenizer.decode(Arrays.copyOf(ids, length));
        documents.add(new HeldOutDocument(shard.ref(i).id(), text));
      }
    }
    return nonEmpty(documents, folder.uri());
  }

  private static HeldOutDocument held(DocumentEntry entry) {
    if (entry instanceof Document document) {
      return new HeldOutDocument(document.id(), document.text());
    }
    RejectedLine line = (RejectedLine) entry;
    throw new DataException(
        HeldOutError.BAD_DOCUMENT,
        "%s line %d is no document: %s".formatted(line.file(), line.line(), line.reason()));
  }

  private static List<HeldOutDocument> nonEmpty(List<HeldOutDocument> documents, String from) {
    if (documents.isEmpty()) {
      throw new DataException(
          HeldOutError.NO_DOCUMENTS, "%s has no document to measure a loss on".formatted(from));
    }
    return documents;
  }
}
