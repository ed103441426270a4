package bench

// eventSchema is the combined form of Nexmark's events.
const eventSchema = `{event_type: INT, ` +
	`person: "ROW(id BIGINT, name TEXT, email_address TEXT, credit_card TEXT, city TEXT, state TEXT, date_time TIMESTAMP, extra TEXT)", ` +
	`auction: "ROW(id BIGINT, item_name TEXT, description TEXT, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP, ` +
	`expires TIMESTAMP, seller BIGINT, category BIGINT, extra TEXT)", ` +
	`bid: "ROW(auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP, extra TEXT)"}`

// bidColumns is a select of everything that a bid has.
const bidColumns = `{auction: bid.auction, bidder: bid.bidder, price: bid.price, channel: bid.channel, url: bid.url, ` +
	`date_time: bid.date_time, extra: bid.extra}`

// fiveColumns is a select of five of them, numbers, text and a time.
const fiveColumns = `{auction: bid.auction, bidder: bid.bidder, price: bid.price, channel: bid.channel, date_time: bid.date_time}`

// dear is a filter that a quarter of the events passes.
const dear = `event_type = 2 AND bid.price > 1000000 AND bid.channel <> 'Apple'`

// benchCase is one pipeline to measure.
type benchCase struct {
	Name string
	Doc  string
	// Transform is the body of the only transform, Sink that of the only sink behind its from.
	Transform string
	Sink      string
	// Reach is the CPU time an event to reach, in ns; 0 if there is none.
	Reach float64
}

// cases returns the pipelines in the order of the table. Files written go to the folder of the run.
func cases() []benchCase {
	toFile := "connector: file, path: out.jsonl, if_exists: replace"
	return []benchCase{
		{"q0", "JSON → blackhole, all columns of bids", `filter: event_type = 2, select: ` + bidColumns, "connector: blackhole", 180},
		{
			"q1", "JSON → blackhole, price converted to NUMERIC",
			`filter: event_type = 2, select: {auction: bid.auction, bidder: bid.bidder, price: 0.908 * bid.price, date_time: bid.date_time, extra: bid.extra}`,
			"connector: blackhole", 200,
		},
		{
			"q2", "JSON → blackhole, one bid in 123", `filter: "event_type = 2 AND mod(bid.auction, 123) = 0", select: {auction: bid.auction, price: bid.price}`,
			"connector: blackhole", 130,
		},
		{
			"json-json", "JSON → JSON file, filter (a quarter passes) and project",
			"filter: \"" + dear + "\", select: " + fiveColumns, toFile, 380,
		},
		{"json-raw", "JSON → JSON file, filter (a quarter passes): the lines are kept", "filter: \"" + dear + "\"", toFile, 140},
		{"json-json-all", "JSON → JSON file, filter (all bids pass) and project", "filter: event_type = 2, select: " + fiveColumns, toFile, 0},
		{"json-raw-all", "JSON → JSON file, filter (all bids pass): the lines are kept", "filter: event_type = 2", toFile, 0},
	}
}

// pipeline returns the YAML of c over the events in the file input.
func (c *benchCase) pipeline(input string) string {
	return "name: " + c.Name + "\n" +
		"sources: {events: {connector: file, path: '" + input + "', format: json, schema: " + eventSchema + "}}\n" +
		"transforms: {q: {from: events, " + c.Transform + "}}\n" +
		"sinks: {out: {from: q, " + c.Sink + "}}\n"
}
