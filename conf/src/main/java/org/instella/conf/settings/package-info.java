/**
 * Recipes, read once into validated records.
 *
 * <p>Start with {@link org.instella.conf.settings.Recipe}, which loads HOCON, and {@link
 * org.instella.conf.settings.Settings}, through which a record takes its values. Ranges live where
 * the record is read; all problems are reported at once.
 */
package org.instella.conf.settings;
