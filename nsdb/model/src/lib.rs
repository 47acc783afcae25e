//! The virtual topology: objects, documents, change sets, integrity
