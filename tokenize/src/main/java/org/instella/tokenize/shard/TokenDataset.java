package org.instella.tokenize.shard;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * A folder of token shards with their manifest: the tokens of one source, shard after shard.
 *
 * <p>Opening reads the manifest alone; a shard is mapped (and copied to local disk first where it
 * is remote) when something of it is asked for. Positions count tokens over all shards, from 0.
 * Safe to share between threads.
 */
public final class TokenDataset {
  /** The kind in the manifest. */
  public static final String KIND = "tokens";

  /** The version in the manifest; {@code docs/formats.md} describes it. */
  public static final int FORMAT_VERSION = 1;

  private final Storage storage;
  private final Location folder;
  private final Manifest manifest;
  private final List<ShardFact> facts;
  private final long[] firstTokens;
  private final TokenShard[] shards;

  /** What the manifest says of a shard. */
  public record ShardFact(String name, long documents, long tokens) {}

  /** A document of the data set: which shard holds it, and where. */
  public record Found(String shard, long firstTokenOfShard, DocumentRef document) {}

  private TokenDataset(Storage storage, Location folder, Manifest manifest, List<ShardFact> facts) {
    this.storage = storage;
    this.folder = folder;
    this.manifest = manifest;
    this.facts = facts;
    this.shards = new TokenShard[facts.size()];
    this.firstTokens = new long[facts.size() + 1];
    for (int i = 0; i < facts.size(); i++) {
      firstTokens[i + 1] = firstTokens[i] + facts.get(i).tokens();
    }
  }

  /**
   * Opens the data set in {@code folder}.
   *
   * @throws DataException if there is none, or one of another version
   */
  public static TokenDataset open(Storage storage, Location folder) {
    Manifest manifest = Manifest.read(storage, folder);
    if (!manifest.kind().equals(KIND) || manifest.formatVersion() != FORMAT_VERSION) {
      throw new DataException(
          ShardError.NOT_A_DATASET,
          "%s holds %s version %d; this program reads %s version %d"
              .formatted(folder, manifest.kind(), manifest.formatVersion(), KIND, FORMAT_VERSION));
    }
    return new TokenDataset(storage, folder, manifest, facts(folder, manifest));
  }

  /** The manifest, with the counts of the data set among its facts. */
  public Manifest manifest() {
    return manifest;
  }

  public Location folder() {
    return folder;
  }

  /** Name of the source. */
  public String source() {
    return manifest.textFact("source");
  }

  /** SHA-256 of the {@code tokenizer.json} that made the ids. */
  public String tokenizerDigest() {
    return manifest.textFact("tokenizer_sha256");
  }

  /** Every id is below it. */
  public int vocabularySize() {
    return Math.toIntExact(manifest.longFact("vocabulary_size"));
  }

  /** The end-of-document id. */
  public int eosId() {
    return Math.toIntExact(manifest.longFact("eos_id"));
  }

  /** Tokens of all shards. */
  public long tokens() {
    return firstTokens[facts.size()];
  }

  /** Documents of all shards. */
  public long documents() {
    return facts.stream().mapToLong(ShardFact::documents).sum();
  }

  /** The shards in order, as the manifest knows them. */
  public List<ShardFact> shards() {
    return facts;
  }

  /** Position in the data set of the first token of shard {@code index}. */
  public long firstToken(int index) {
    return firstTokens[index];
  }

  /**
   * Shard {@code index}, mapped.
   *
   * @throws DataException if it is damaged, or is not what the manifest says
   */
  public synchronized TokenShard shard(int index) {
    if (shards[index] == null) {
      ShardFact fact = facts.get(index);
      TokenShard opened = TokenShard.open(storage, folder.resolve(fact.name()));
      boolean same =
          opened.tokens() == fact.tokens()
              && opened.documents() == fact.documents()
              && opened.header().tokenizerDigest().equals(tokenizerDigest())
              && opened.header().vocabularySize() == vocabularySize();
      if (!same) {
        throw new DataException(
            ShardError.SHARD_CORRUPT,
            "Token shard %s has %d documents and %d tokens but its manifest says %d and %d (or another tokenizer); write the data set again"
                .formatted(
                    folder.resolve(fact.name()),
                    opened.documents(),
                    opened.tokens(),
                    fact.documents(),
                    fact.tokens()));
      }
      shards[index] = opened;
    }
    return shards[index];
  }

  /**
   * Copies tokens of the data set, over the borders of shards where need be.
   *
   * @throws DataException if the range leaves the data set
   */
  public void copy(long position, int[] out, int from, int length) {
    if (position < 0 || length < 0 || position > tokens() - length) {
      throw outOfRange(position, position + length);
    }
    int done = 0;
    for (int i = shardAt(position); done < length; i++) {
      long start = position + done - firstTokens[i];
      int now = (int) Math.min(length - done, facts.get(i).tokens() - start);
      shard(i).copy(start, out, from + done, now);
      done += now;
    }
  }

  /** The document that holds the token at {@code position}. */
  public Found documentAt(long position) {
    if (position < 0 || position >= tokens()) {
      throw outOfRange(position, position + 1);
    }
    int index = shardAt(position);
    DocumentRef document = shard(index).documentAt(position - firstTokens[index]);
    return new Found(facts.get(index).name(), firstTokens[index], document);
  }

  /** The documents with this id, in order. */
  public List<Found> find(String id) {
    List<Found> found = new ArrayList<>();
    for (int i = 0; i < facts.size(); i++) {
      for (DocumentRef document : shard(i).find(id)) {
        found.add(new Found(facts.get(i).name(), firstTokens[i], document));
      }
    }
    return found;
  }

  private DataException outOfRange(long from, long to) {
    return new DataException(
        ShardError.OUT_OF_RANGE,
        "Tokens %d to %d were asked of data set %s, which has %d"
            .formatted(from, to, folder, tokens()));
  }

  private int shardAt(long position) {
    int at = Arrays.binarySearch(firstTokens, position);
    at = at < 0 ? -at - 2 : at;
    while (at + 1 < facts.size() && firstTokens[at + 1] == position) {
      at++;
    }
    return at;
  }

  private static List<ShardFact> facts(Location folder, Manifest manifest) {
    List<ShardFact> facts = new ArrayList<>();
    if (manifest.facts().get("shards") instanceof List<?> list) {
      for (Object entry : list) {
        facts.add(fact(entry).orElseThrow(() -> malformed(folder)));
      }
      return List.copyOf(facts);
    }
    throw malformed(folder);
  }

  private static Optional<ShardFact> fact(Object entry) {
    return entry instanceof Map<?, ?> map
            && map.get("name") instanceof String name
            && map.get("documents") instanceof Number documents
            && map.get("tokens") instanceof Number tokens
        ? Optional.of(new ShardFact(name, documents.longValue(), tokens.longValue()))
        : Optional.empty();
  }

  private static DataException malformed(Location folder) {
    return new DataException(
        ShardError.NOT_A_DATASET,
        "The manifest of %s does not list its shards with name, documents and tokens"
            .formatted(folder));
  }
}
