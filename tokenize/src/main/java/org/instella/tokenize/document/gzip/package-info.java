/**
 * Gzip, unpacked by code of our own, because unpacking is what a tokenise task has to do beside
 * encoding: about twice the speed of the JDK's inflater.
 *
 * <p>Start with {@link org.instella.tokenize.document.gzip.GzipStream}. Lines and documents may not
 * appear here.
 */
package org.instella.tokenize.document.gzip;
