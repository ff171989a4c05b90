package org.instella.conf.storage;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An object store on this machine that speaks what Hadoop's s3a client asks for: objects with
 * conditional puts, copies, ranges, listings, uploads in parts, bulk deletes. Everything is in
 * memory, every request is atomic, and nothing is a folder or can be renamed or appended to. What
 * it answers follows Amazon's S3 API reference (2006-03-01); signatures are not checked.
 */
public final class S3Server implements AutoCloseable {
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.RFC_1123_DATE_TIME.withZone(ZoneOffset.UTC);
  private static final Pattern KEY = Pattern.compile("<Key>(.*?)</Key>", Pattern.DOTALL);
  private static final Pattern PART = Pattern.compile("<PartNumber>([0-9]+)</PartNumber>");

  private final NavigableMap<String, Stored> objects = new TreeMap<>();
  private final Map<String, NavigableMap<Integer, byte[]>> uploads = new ConcurrentHashMap<>();
  private final AtomicInteger uploadNumbers = new AtomicInteger();
  private final Map<String, AtomicInteger> requests = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private volatile Predicate<Request> refused = request -> false;

  private record Stored(byte[] bytes, Instant modified) {
    String etag() {
      return '"' + S3Wire.md5(bytes) + '"';
    }
  }

  /**
   * What a client asks for.
   *
   * @param key of the object; empty for the bucket
   */
  public record Request(String method, String key, Map<String, String> query) {}

  private S3Server(HttpServer server) {
    this.server = server;
  }

  /** Starts one with any bucket that is asked for. */
  public static S3Server start() throws IOException {
    System.setProperty("sun.net.httpserver.nodelay", "true"); // else 40 ms an answer
    HttpServer http =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    S3Server server = new S3Server(http);
    http.setExecutor(server.threads);
    http.createContext("/", server::answer);
    http.start();
    return server;
  }

  public String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Hadoop's settings for it, without their prefix {@code spark.hadoop.}. */
  public Map<String, String> settings() {
    return Map.of(
        "fs.s3a.endpoint", endpoint(),
        "fs.s3a.endpoint.region", "us-east-1",
        "fs.s3a.path.style.access", "true",
        "fs.s3a.connection.ssl.enabled", "false",
        "fs.s3a.access.key", "test",
        "fs.s3a.secret.key", "test-secret",
        "fs.s3a.attempts.maximum", "2",
        "fs.s3a.retry.limit", "2",
        "fs.s3a.retry.interval", "50ms");
  }

  /** From now on requests of this kind are answered 403, as a store that took away the rights. */
  public void refuse(Predicate<Request> which) {
    refused = which;
  }

  /** How often a method was asked for: {@code PUT}, {@code GET}. */
  public int requests(String method) {
    return requests.computeIfAbsent(method, m -> new AtomicInteger()).get();
  }

  /** Names of all objects of a bucket, sorted. */
  public List<String> keys(String bucket) {
    synchronized (objects) {
      return objects.keySet().stream()
          .filter(name -> name.startsWith(bucket + "/"))
          .map(name -> name.substring(bucket.length() + 1))
          .toList();
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getRawPath().substring(1);
      int slash = path.indexOf('/');
      String bucket = slash < 0 ? path : path.substring(0, slash);
      String key = slash < 0 ? "" : S3Wire.decode(path.substring(slash + 1).replace("+", "%2B"));
      Request request =
          new Request(
              exchange.getRequestMethod(),
              key,
              S3Wire.query(exchange.getRequestURI().getRawQuery()));
      requests.computeIfAbsent(request.method(), m -> new AtomicInteger()).incrementAndGet();
      byte[] body = S3Wire.body(exchange);
      if (refused.test(request)) {
        S3Wire.error(exchange, 403, "AccessDenied");
      } else if (key.isEmpty()) {
        answerBucket(exchange, bucket, request, body);
      } else {
        answerObject(exchange, bucket + "/" + key, request, body);
      }
    } catch (RuntimeException e) {
      e.printStackTrace();
      throw e;
    }
  }

  private void answerBucket(HttpExchange exchange, String bucket, Request request, byte[] body)
      throws IOException {
    switch (request.method()) {
      case "HEAD", "PUT" -> S3Wire.empty(exchange, 200);
      case "POST" -> { // ?delete
        Matcher keys = KEY.matcher(new String(body, StandardCharsets.UTF_8));
        synchronized (objects) {
          while (keys.find()) {
            objects.remove(bucket + "/" + S3Wire.unescape(keys.group(1)));
          }
        }
        S3Wire.xml(exchange, "<DeleteResult></DeleteResult>");
      }
      case "GET" -> {
        if (request.query().containsKey("uploads")) {
          S3Wire.xml(
              exchange,
              "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
        } else {
          list(exchange, bucket, request.query());
        }
      }
      default -> S3Wire.error(exchange, 405, "MethodNotAllowed");
    }
  }

  /** ListObjectsV2: keys of a prefix in order, those beyond the delimiter as common prefixes. */
  private void list(HttpExchange exchange, String bucket, Map<String, String> query)
      throws IOException {
    String prefix = query.getOrDefault("prefix", "");
    String delimiter = query.getOrDefault("delimiter", "");
    int most = Integer.parseInt(query.getOrDefault("max-keys", "1000"));
    String after = query.getOrDefault("continuation-token", query.getOrDefault("start-after", ""));
    StringBuilder contents = new StringBuilder();
    TreeSet<String> folders = new TreeSet<>();
    String last = "";
    int count = 0;
    boolean more = false;
    synchronized (objects) {
      for (Map.Entry<String, Stored> entry :
          objects.tailMap(bucket + "/" + prefix, true).entrySet()) {
        if (!entry.getKey().startsWith(bucket + "/" + prefix)) {
          break;
        }
        String key = entry.getKey().substring(bucket.length() + 1);
        int end = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
        String folder = end < 0 ? "" : key.substring(0, end + 1);
        if (key.compareTo(after) <= 0 || !folder.isEmpty() && after.startsWith(folder)) {
          continue;
        }
        if (folders.contains(folder)) {
          last = key;
          continue;
        }
        if (count == most) {
          more = true;
          break;
        }
        count++;
        last = key;
        if (folder.isEmpty()) {
          Stored object = entry.getValue();
          contents.append(
              "<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size></Contents>"
                  .formatted(
                      S3Wire.escape(key),
                      object.modified(),
                      S3Wire.escape(object.etag()),
                      object.bytes().length));
        } else {
          folders.add(folder);
        }
      }
    }
    StringBuilder answer = new StringBuilder("<ListBucketResult>");
    answer.append("<Name>%s</Name><Prefix>%s</Prefix>".formatted(bucket, S3Wire.escape(prefix)));
    answer.append("<KeyCount>%d</KeyCount><IsTruncated>%s</IsTruncated>".formatted(count, more));
    if (more) {
      answer.append(
          "<NextContinuationToken>%s</NextContinuationToken>".formatted(S3Wire.escape(last)));
    }
    answer.append(contents);
    folders.forEach(
        folder ->
            answer.append(
                "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>"
                    .formatted(S3Wire.escape(folder))));
    S3Wire.xml(exchange, answer.append("</ListBucketResult>").toString());
  }

  private void answerObject(HttpExchange exchange, String name, Request request, byte[] body)
      throws IOException {
    Map<String, String> query = request.query();
    switch (request.method()) {
      case "GET", "HEAD" -> get(exchange, name);
      case "PUT" -> {
        byte[] bytes = copied(exchange, body);
        if (bytes == null) {
          S3Wire.error(exchange, 404, "NoSuchKey");
        } else if (query.containsKey("uploadId")) {
          uploads.get(query.get("uploadId")).put(Integer.parseInt(query.get("partNumber")), bytes);
          exchange.getResponseHeaders().set("ETag", '"' + S3Wire.md5(bytes) + '"');
          S3Wire.done(exchange, "CopyPartResult", bytes);
        } else if (store(exchange, name, bytes)) {
          S3Wire.done(exchange, "CopyObjectResult", bytes);
        }
      }
      case "POST" -> {
        if (query.containsKey("uploads")) {
          String id = "upload-" + uploadNumbers.incrementAndGet();
          uploads.put(id, new TreeMap<>());
          S3Wire.xml(
              exchange,
              "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>"
                  .formatted(id));
        } else {
          complete(exchange, name, query.get("uploadId"), body);
        }
      }
      case "DELETE" -> {
        if (query.containsKey("uploadId")) {
          uploads.remove(query.get("uploadId"));
        } else {
          synchronized (objects) {
            objects.remove(name);
          }
        }
        S3Wire.empty(exchange, 204);
      }
      default -> S3Wire.error(exchange, 405, "MethodNotAllowed");
    }
  }

  private void get(HttpExchange exchange, String name) throws IOException {
    Stored object;
    synchronized (objects) {
      object = objects.get(name);
    }
    if (object == null) {
      S3Wire.error(exchange, 404, "NoSuchKey");
      return;
    }
    byte[] bytes = object.bytes();
    int from = 0;
    int to = bytes.length;
    String range = exchange.getRequestHeaders().getFirst("Range");
    Headers headers = exchange.getResponseHeaders();
    if (range != null) {
      String[] ends = range.substring("bytes=".length()).split("-", 2);
      from = Integer.parseInt(ends[0]);
      to = ends[1].isEmpty() ? to : (int) Math.min(to, Long.parseLong(ends[1]) + 1);
      if (from >= to) {
        S3Wire.error(exchange, 416, "InvalidRange");
        return;
      }
      headers.set("Content-Range", "bytes %d-%d/%d".formatted(from, to - 1, bytes.length));
    }
    headers.set("ETag", object.etag());
    headers.set("Last-Modified", HTTP_DATE.format(object.modified()));
    headers.set("Accept-Ranges", "bytes");
    if (exchange.getRequestMethod().equals("HEAD")) {
      headers.set("Content-Length", String.valueOf(to - from));
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    exchange.sendResponseHeaders(range == null ? 200 : 206, to == from ? -1 : to - from);
    exchange.getResponseBody().write(bytes, from, to - from);
  }

  /** The bytes of the object that the request wants copied, its body otherwise; null: not there. */
  private byte[] copied(HttpExchange exchange, byte[] body) {
    String source = exchange.getRequestHeaders().getFirst("x-amz-copy-source");
    if (source == null) {
      return body;
    }
    String name = S3Wire.decode(source);
    Stored object;
    synchronized (objects) {
      object = objects.get(name.startsWith("/") ? name.substring(1) : name);
    }
    if (object == null) {
      return null;
    }
    String range = exchange.getRequestHeaders().getFirst("x-amz-copy-source-range");
    if (range == null) {
      return object.bytes();
    }
    String[] ends = range.substring("bytes=".length()).split("-", 2);
    return java.util.Arrays.copyOfRange(
        object.bytes(), Integer.parseInt(ends[0]), Integer.parseInt(ends[1]) + 1);
  }

  /** Puts an object; where the request says that none, or that one, may be there, only then. */
  private boolean store(HttpExchange exchange, String name, byte[] bytes) throws IOException {
    Stored object = new Stored(bytes, Instant.ofEpochMilli(System.currentTimeMillis()));
    boolean absentOnly = "*".equals(exchange.getRequestHeaders().getFirst("If-None-Match"));
    String only = exchange.getRequestHeaders().getFirst("If-Match");
    synchronized (objects) {
      Stored there = objects.get(name);
      boolean expected = only == null || there != null && only.equals(there.etag());
      if (expected && !(absentOnly && there != null)) {
        objects.put(name, object);
        exchange.getResponseHeaders().set("ETag", object.etag());
        return true;
      }
    }
    S3Wire.error(exchange, 412, "PreconditionFailed");
    return false;
  }

  private void complete(HttpExchange exchange, String name, String id, byte[] body)
      throws IOException {
    NavigableMap<Integer, byte[]> parts = uploads.get(id);
    if (parts == null) {
      S3Wire.error(exchange, 404, "NoSuchUpload");
      return;
    }
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    Matcher numbers = PART.matcher(new String(body, StandardCharsets.UTF_8));
    while (numbers.find()) {
      whole.writeBytes(parts.get(Integer.parseInt(numbers.group(1))));
    }
    if (store(exchange, name, whole.toByteArray())) {
      uploads.remove(id);
      S3Wire.xml(
          exchange,
          "<CompleteMultipartUploadResult><ETag>\"%s\"</ETag></CompleteMultipartUploadResult>"
              .formatted(S3Wire.md5(whole.toByteArray())));
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
