// Package connectortest holds what every connector promises as one suite of tests.
//
// A connector's own test implements Harness with a stand-in of its service that speaks bytes, not the connector's
// structs, and calls Run. The suite shows that doing an effect twice leaves one thing outside, that a lost answer is
// settled by looking and never by doing again, that an older view never wins, that each fault becomes the class that
// says what to do about it, that a cancelled call returns, that no secret reaches an error or a log, and that reading
// a webhook touches nothing. An Outside that is a Talker, Listener or Carrier shows besides that conversations and files
// arrive whole and once. The package is for tests only.
package connectortest
