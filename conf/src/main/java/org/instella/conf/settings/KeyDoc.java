package org.instella.conf.settings;

/**
 * What a docs page says of one key.
 *
 * @param key full path
 * @param type in words
 * @param allowed range or choices, empty where everything of the type is allowed
 * @param fallback the default as text, or {@code required}
 */
public record KeyDoc(String key, String type, String allowed, String fallback, String help) {}
