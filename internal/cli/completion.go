package cli

import "github.com/spf13/cobra"

// pipelineFiles completes an argument to the names of pipeline files. Cobra adds the command completion itself.
func pipelineFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// completesPipelines makes c complete pipeline files, all its arguments being such.
func completesPipelines(c *cobra.Command) *cobra.Command {
	c.ValidArgsFunction = pipelineFiles
	return c
}
