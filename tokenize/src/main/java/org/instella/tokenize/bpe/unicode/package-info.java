/**
 * The characters as the reference library sees them: which are letters, numbers or white space in a
 * split pattern, normal form C, and UTF-8.
 *
 * <p>The tables come from {@code tables.txt}, not from the JDK: ids may not change with the Java
 * version that runs the job. Start with {@link org.instella.tokenize.bpe.unicode.CodePoints}.
 */
package org.instella.tokenize.bpe.unicode;
