package org.instella.conf.storage;

import com.sun.net.httpserver.HttpExchange;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** How requests to an {@link S3Server} and its answers look on the wire. */
final class S3Wire {
  private S3Wire() {}

  /** A put has no answer but its headers, a copy says what it made. */
  static void done(HttpExchange exchange, String result, byte[] bytes) throws IOException {
    if (exchange.getRequestHeaders().getFirst("x-amz-copy-source") == null) {
      empty(exchange, 200);
    } else {
      xml(
          exchange,
          "<%s><ETag>\"%s\"</ETag><LastModified>%s</LastModified></%s>"
              .formatted(result, md5(bytes), Instant.ofEpochMilli(0), result));
    }
  }

  /** The body, taken out of the signed chunks that Amazon's client sends over plain HTTP. */
  static byte[] body(HttpExchange exchange) throws IOException {
    byte[] sent = exchange.getRequestBody().readAllBytes();
    String sha = exchange.getRequestHeaders().getFirst("x-amz-content-sha256");
    if (sha == null || !sha.startsWith("STREAMING-")) {
      return sent;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    InputStream in = new ByteArrayInputStream(sent);
    while (true) {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
        line.append((char) c);
      }
      int length = Integer.parseInt(line.toString().split(";")[0].strip(), 16);
      if (length == 0) {
        return bytes.toByteArray();
      }
      bytes.writeBytes(in.readNBytes(length));
      in.skipNBytes(2);
    }
  }

  static Map<String, String> query(String raw) {
    Map<String, String> query = new LinkedHashMap<>();
    if (raw != null) {
      for (String pair : raw.split("&")) {
        String[] sides = pair.split("=", 2);
        query.put(decode(sides[0]), sides.length > 1 ? decode(sides[1]) : "");
      }
    }
    return query;
  }

  static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  static void empty(HttpExchange exchange, int status) throws IOException {
    exchange.sendResponseHeaders(status, -1);
  }

  static void error(HttpExchange exchange, int status, String code) throws IOException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      empty(exchange, status);
      return;
    }
    send(
        exchange,
        status,
        "<Error><Code>%s</Code><Message>%s</Message></Error>".formatted(code, code));
  }

  static void xml(HttpExchange exchange, String text) throws IOException {
    send(exchange, 200, text);
  }

  static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = ("<?xml version=\"1.0\"?>" + text).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/xml");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  static String unescape(String text) {
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
  }

  static String md5(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
