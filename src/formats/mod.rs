//! What other frameworks write: handles in cookies, and records in stores. Data only, bounded; nothing is executed.
