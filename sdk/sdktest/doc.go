// Package sdktest holds what authors of formats and connectors test with: suites of laws that every codec.Format, source and sink must keep,
// and the generators and comparisons that the suites are made of. Only tests import it.
//
// FormatSuite, SourceSuite and SinkSuite run each law as a subtest of its own, named in capitals and small letters as in their
// documentation. A law that cannot hold for a format or connector is left out by its name and a reason (Skip), which shows in the
// test's output. A suite knows nothing but the contracts of sdk/codec and sdk/connector; what a format or connector promises beyond them
// is for tests of its own.
package sdktest
