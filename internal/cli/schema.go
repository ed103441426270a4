package cli

import (
	"github.com/spf13/cobra"

	"wire.example/wire/internal/spec/jsonschema"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of pipeline files, with which editors complete and check them.",
		Long: `Print the JSON Schema of pipeline files, with which editors complete and check them.

It knows the connectors, formats and options of this program. An editor with a YAML language server takes it from a file's first line:

    # yaml-language-server: $schema=pipeline.schema.json

The schema is about form; wire check also looks into columns and expressions.`,
		Args: exactly(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			text, err := jsonschema.For(a.registry)
			if err != nil {
				return err
			}
			_, err = a.out.Write(text)
			return err
		},
	}
}
