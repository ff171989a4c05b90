package org.instella.model.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;

/**
 * The header of a safetensors file: eight bytes of length, then JSON. Parsing trusts nothing: the
 * ranges must tile the data section without gap or overlap, as the reference implementation asks.
 *
 * @param tensors in the order of their bytes
 * @param metadata texts under {@code __metadata__}
 * @param dataBegin byte of the file where the first tensor begins
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
record SafetensorsHeader(
    Map<String, TensorInfo> tensors, SortedMap<String, String> metadata, long dataBegin) {

  /** The reference implementation's limit: a header is a list of names, not a place for data. */
  static final long LIMIT = 100_000_000;

  static final int LENGTH_BYTES = 8;

  private static final String METADATA = "__metadata__";
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(8).maxNameLength(1 << 16).build())
          .build();

  SafetensorsHeader {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
  }

  /** Bytes of the whole file. */
  long fileBytes() {
    long end = 0;
    for (TensorInfo tensor : tensors.values()) {
      end = Math.max(end, tensor.end());
    }
    return dataBegin + end;
  }

  /**
   * The length in the first eight bytes.
   *
   * @throws DataException if it is larger than the file or than {@link #LIMIT}
   */
  static int length(ByteBuffer firstBytes, long fileBytes, String file) {
    if (fileBytes < LENGTH_BYTES) {
      throw malformed(file, "has only %,d bytes, fewer than the length field".formatted(fileBytes));
    }
    long length = firstBytes.order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    if (length < 0 || length > LIMIT) {
      throw malformed(
          file,
          "says that its header has %s bytes; at most %,d are allowed"
              .formatted(Long.toUnsignedString(length), LIMIT));
    }
    if (length < 2 || length > fileBytes - LENGTH_BYTES) {
      throw malformed(
          file,
          "says that its header has %,d bytes but the file has %,d in all"
              .formatted(length, fileBytes));
    }
    return (int) length;
  }

  /**
   * Reads and checks a header.
   *
   * @param json the bytes after the length field
   * @param fileBytes length of the whole file: the ranges must end exactly there
   * @throws DataException naming file and tensor of the first violation
   */
  static SafetensorsHeader parse(byte[] json, long fileBytes, String file) {
    if (json.length == 0 || json[0] != '{') {
      throw malformed(file, "has a header that does not begin with {");
    }
    List<TensorInfo> tensors = new ArrayList<>();
    SortedMap<String, String> metadata = new TreeMap<>();
    try (JsonParser parser = JSON.createParser(decodeUtf8(json, file))) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        if (name.equals(METADATA)) {
          readMetadata(parser, metadata, file);
        } else {
          tensors.add(readTensor(parser, name, file));
        }
      }
      if (parser.nextToken() != null) {
        throw malformed(file, "has bytes after the end of its header");
      }
    } catch (JsonProcessingException e) {
      throw malformed(file, "has a header that is not the JSON it must be: " + firstLine(e));
    } catch (IOException e) {
      throw new UncheckedIOException("a text in memory cannot fail to be read", e);
    }
    long dataBegin = LENGTH_BYTES + (long) json.length;
    return new SafetensorsHeader(tile(tensors, fileBytes - dataBegin, file), metadata, dataBegin);
  }

  /** The header of a file to be written: names in the order that the reference writer gives. */
  static SafetensorsHeader layout(List<TensorInfo> tensors, SortedMap<String, String> metadata) {
    List<TensorInfo> sorted = new ArrayList<>(tensors);
    sorted.sort(
        Comparator.comparing(TensorInfo::dtype)
            .thenComparing(TensorInfo::name, SafetensorsHeader::compareUtf8));
    Map<String, TensorInfo> placed = new LinkedHashMap<>();
    long begin = 0;
    for (TensorInfo tensor : sorted) {
      TensorInfo at = tensor.at(begin);
      if (placed.put(tensor.name(), at) != null) {
        throw new IllegalArgumentException("two tensors named " + tensor.name());
      }
      begin = at.end();
    }
    SafetensorsHeader draft = new SafetensorsHeader(placed, metadata, 0);
    return new SafetensorsHeader(placed, metadata, draft.toBytes().length);
  }

  /** Length field and JSON, padded with spaces so that the data begins at a multiple of 8. */
  byte[] toBytes() {
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    try (JsonGenerator out = JSON.createGenerator(json)) {
      out.writeStartObject();
      if (!metadata.isEmpty()) {
        out.writeObjectFieldStart(METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          out.writeStringField(entry.getKey(), entry.getValue());
        }
        out.writeEndObject();
      }
      for (TensorInfo tensor : tensors.values()) {
        out.writeObjectFieldStart(tensor.name());
        out.writeStringField("dtype", tensor.dtype().name());
        out.writeArrayFieldStart("shape");
        for (long size : tensor.shape()) {
          out.writeNumber(size);
        }
        out.writeEndArray();
        out.writeArrayFieldStart("data_offsets");
        out.writeNumber(tensor.begin());
        out.writeNumber(tensor.end());
        out.writeEndArray();
        out.writeEndObject();
      }
      out.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a buffer in memory cannot fail to be written", e);
    }
    while (json.size() % LENGTH_BYTES != 0) {
      json.write(' ');
    }
    return ByteBuffer.allocate(LENGTH_BYTES + json.size())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.size())
        .put(json.toByteArray())
        .array();
  }

  private static String decodeUtf8(byte[] json, String file) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(json))
          .toString();
    } catch (CharacterCodingException e) {
      throw malformed(file, "has a header that is not UTF-8");
    }
  }

  private static void readMetadata(
      JsonParser parser, SortedMap<String, String> metadata, String file) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw malformed(file, "has a __metadata__ that is no object");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw malformed(file, "has __metadata__ %s that is no text".formatted(quoted(key)));
      }
      metadata.put(key, parser.getText());
    }
  }

  private static TensorInfo readTensor(JsonParser parser, String name, String file)
      throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw malformed(file, name, "is described by something that is no object");
    }
    Dtype dtype = null;
    List<Long> shape = null;
    List<Long> range = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case "dtype" -> dtype = readDtype(parser, name, file);
        case "shape" -> shape = readSizes(parser, name, "shape", file);
        case "data_offsets" -> range = readSizes(parser, name, "data_offsets", file);
        default -> throw malformed(file, name, "has the unknown field " + quoted(field));
      }
    }
    if (dtype == null || shape == null || range == null || range.size() != 2) {
      throw malformed(file, name, "lacks a dtype, a shape or a pair of data_offsets");
    }
    return checkedSize(new TensorInfo(name, dtype, shape, range.get(0)), range.get(1), file);
  }

  private static Dtype readDtype(JsonParser parser, String name, String file) throws IOException {
    String text = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : "";
    return Dtype.of(text)
        .orElseThrow(() -> malformed(file, name, "has the unknown type " + quoted(text)));
  }

  private static List<Long> readSizes(JsonParser parser, String name, String field, String file)
      throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw malformed(file, name, "has a %s that is no list".formatted(field));
    }
    List<Long> sizes = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      boolean whole = parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
      if (!whole || parser.getBigIntegerValue().bitLength() > 63 || parser.getLongValue() < 0) {
        throw malformed(
            file, name, "has the %s entry %s".formatted(field, quoted(parser.getText())));
      }
      sizes.add(parser.getLongValue());
    }
    return sizes;
  }

  private static TensorInfo checkedSize(TensorInfo tensor, long end, String file) {
    long bytes;
    try {
      bytes = Math.subtractExact(Math.addExact(tensor.begin(), tensor.bytes()), tensor.begin());
    } catch (ArithmeticException e) {
      throw malformed(
          file, tensor.name(), "has the shape %s, too large to be".formatted(tensor.shape()));
    }
    if (end < tensor.begin() || end - tensor.begin() != bytes) {
      throw malformed(
          file,
          tensor.name(),
          "has the bytes [%d, %d) but its shape %s of %s needs %d bytes"
              .formatted(tensor.begin(), end, tensor.shape(), tensor.dtype(), bytes));
    }
    return tensor;
  }

  /** Ranges in order must follow each other and fill the file. */
  private static Map<String, TensorInfo> tile(
      List<TensorInfo> tensors, long dataBytes, String file) {
    List<TensorInfo> ordered = new ArrayList<>(tensors);
    ordered.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
    Map<String, TensorInfo> tiled = new LinkedHashMap<>();
    long next = 0;
    String before = "the header";
    for (TensorInfo tensor : ordered) {
      if (tensor.begin() != next) {
        String relation = tensor.begin() < next ? "overlaps" : "leaves a gap after";
        throw malformed(
            file,
            tensor.name(),
            "has the bytes [%d, %d), which %s %s, whose end is %d"
                .formatted(tensor.begin(), tensor.end(), relation, before, next));
      }
      next = tensor.end();
      before = quoted(tensor.name());
      tiled.put(tensor.name(), tensor);
    }
    if (next != dataBytes) {
      throw malformed(
          file,
          "%s: its tensors need %,d bytes after the header but %,d are there"
              .formatted(
                  next > dataBytes ? "is cut short" : "has trailing bytes", next, dataBytes));
    }
    return tiled;
  }

  /** Order of the UTF-8 bytes, which is the order of code points and not that of Java's chars. */
  private static int compareUtf8(String a, String b) {
    return Arrays.compareUnsigned(
        a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }

  private static String firstLine(JsonProcessingException e) {
    return e.getOriginalMessage().lines().findFirst().orElse("");
  }

  /** A text from the file, fit for one line of a message. */
  private static String quoted(String text) {
    String line = text.replaceAll("\\p{Cntrl}", "?");
    return '"' + (line.length() > 200 ? line.substring(0, 200) + "..." : line) + '"';
  }

  private static DataException malformed(String file, String tensor, String what) {
    return malformed(file, "is damaged: tensor %s %s".formatted(quoted(tensor), what));
  }

  private static DataException malformed(String file, String what) {
    return new DataException(
        ModelFileError.SAFETENSORS_MALFORMED,
        "Safetensors file %s %s; copy or write the file again".formatted(file, what));
  }
}
