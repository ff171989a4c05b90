/**
 * Text for the demonstration, generated here so that nothing needs to be downloaded: stories,
 * questions about an invented country, arithmetic with worked answers, and the project's own files
 * as code. The same seed gives the same bytes. Start at {@link
 * org.instella.jobs.demo.DemoCorpusJob}.
 */
package org.instella.jobs.demo;
