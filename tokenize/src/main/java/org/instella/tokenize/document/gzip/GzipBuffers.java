package org.instella.tokenize.document.gzip;

/**
 * The memory that a {@link GzipStream} works in, for one stream after the other: 200 KB of bytes
 * and tables. Nothing in it outlives a stream.
 */
public final class GzipBuffers {
  final byte[] packed = new byte[PackedInput.BYTES];
  final byte[] unpacked = new byte[Inflate.BYTES];
  final HuffmanTable literals = DeflateCodes.literals();
  final HuffmanTable distances = DeflateCodes.distances();
  final HuffmanTable codeLengths = DeflateCodes.codeLengths();
  final byte[] lengths = new byte[DeflateCodes.LITERALS + DeflateCodes.DISTANCES];
}
