// Package engine plans and runs pipelines in this process: a logical plan goes in, and is estimated, optimized, made physical and run by package
// flow. The command line, and whatever else runs pipelines without a cluster, has it in common.
package engine
