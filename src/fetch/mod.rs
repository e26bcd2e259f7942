//! Requests of our own, to the auth service and for key sets, through the connector of Pingora.
