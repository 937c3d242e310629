//! Where all parts meet: configuration and the opened token.
