// Package resume runs SQL queries over files in many pieces: with other numbers of lanes and tasks in each, stopped after some blocks or killed, and
// resumed from the checkpoint. The answer must be that of a straight run with one lane.
package resume
