//! Where sealed rows live: SQLite files, memory, and the counters of PIN trials.
