package org.instella.conf.settings;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.io.File;
import java.nio.file.Path;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/** Reads {@code include "other.conf"} beside the including file, wherever that file is stored. */
final class StorageIncluder implements ConfigIncluder, ConfigIncluderFile {
  private final Storage storage;
  private final Location including;

  StorageIncluder(Storage storage, Location including) {
    this.storage = storage;
    this.including = including;
  }

  @Override
  public ConfigIncluder withFallback(ConfigIncluder fallback) {
    // Our own reading is complete: nothing comes from the class path or from URLs.
    return this;
  }

  @Override
  public ConfigObject include(ConfigIncludeContext context, String what) {
    Location file = locate(what);
    ConfigParseOptions options =
        ConfigParseOptions.defaults()
            .setSyntax(ConfigSyntax.CONF)
            .setOriginDescription(file.name())
            .setIncluder(new StorageIncluder(storage, file));
    return ConfigFactory.parseString(storage.readText(file), options).root();
  }

  @Override
  public ConfigObject includeFile(ConfigIncludeContext context, File what) {
    return include(context, what.getPath());
  }

  private Location locate(String what) {
    if (what.startsWith("/") || what.contains("://")) {
      return Location.of(what);
    }
    if (including.isLocal()) {
      return Location.of(Path.of(including.parent().uri()).resolve(what));
    }
    return including.parent().resolve(what);
  }
}
