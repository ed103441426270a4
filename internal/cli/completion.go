package cli

import "github.com/spf13/cobra"

// pipelineFiles completes an argument to the names of pipeline files. Cobra adds the command completion itself.
func pipelineFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// completesValues makes a flag complete to the values that it takes.
func completesValues(c *cobra.Command, flag string, values ...string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("cli: " + err.Error()) // a programmer named a flag that is not there
	}
}

// completesPipelines makes c complete pipeline files, all its arguments being such.
func completesPipelines(c *cobra.Command) *cobra.Command {
	c.ValidArgsFunction = pipelineFiles
	return c
}
