// Package plans tests the optimizer by scripts: SQL, and the plans before and after a pass.
//
// A file of testdata is called after a pass of internal/plan/optimize, and shows for each query the plan that the passes before it have made and
// what the pass makes of that; the file Optimize shows the plan of all passes, with estimates. The tables are those of tables.sql; their sizes stand in
// the test. Run with -update to write the answers.
package plans
