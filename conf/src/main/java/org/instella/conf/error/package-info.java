/**
 * Errors that say whose turn it is: fix the recipe, fix the input, run again, or tell us.
 *
 * <p>Start with {@link org.instella.conf.error.ErrorCategory}. Rooms name their own errors in an
 * enum that implements {@link org.instella.conf.error.ErrorCode}; nothing about a domain lives
 * here.
 */
package org.instella.conf.error;
