//! The shared library libclaviger.so: C memory in, C memory out, nothing decided.
