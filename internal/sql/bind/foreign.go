package bind

import "strconv"

// foreignFunction says what a function of another system is called here; empty for all others.
func foreignFunction(name string) string {
	switch name {
	case "ifnull", "nvl", "isnull", "zeroifnull":
		return "Write COALESCE(value, otherwise)."
	case "if", "iif", "nvl2":
		return "Write CASE WHEN condition THEN value ELSE otherwise END."
	case "len", "datalength":
		return "Write length(text)."
	case "getdate", "sysdate", "curdate", "getutcdate", "sysdatetime", "today":
		return "Write now(), current_date or localtimestamp."
	case "dateadd", "date_add", "adddate", "timestampadd", "date_sub":
		return "Add an interval: value + INTERVAL '1 day'."
	case "datediff", "date_diff", "timestampdiff":
		return "Subtract: date - date is a number of days, timestamp - timestamp an interval; extract(epoch FROM interval) gives seconds."
	case "year", "month", "day", "hour", "minute", "second", "quarter", "week", "dayofweek", "dayofyear", "datepart":
		return "Write extract(field FROM value), such as extract(" + field(name) + " FROM value)."
	case "group_concat", "listagg", "wm_concat":
		return "Write string_agg(text, ', ' ORDER BY …)."
	case "charindex", "instr", "locate":
		return "Write strpos(text, part), or position(part IN text)."
	case "date_format", "strftime", "formatdatetime":
		return "Write to_char(value, 'YYYY-MM-DD HH24:MI:SS')."
	case "str_to_date", "strptime", "parse_datetime":
		return "Write to_timestamp(text, 'YYYY-MM-DD HH24:MI:SS'), or to_date."
	case "unix_timestamp", "to_unixtime":
		return "Write extract(epoch FROM value)."
	case "from_unixtime":
		return "Write to_timestamp(seconds)."
	case "substring_index":
		return "Write split_part(text, separator, number)."
	case "rand":
		return "Write random()."
	case "ucase", "lcase":
		return "Write upper(text) or lower(text)."
	case "try_cast", "safe_cast", "convert":
		return "Write CAST(value AS type), or value::type."
	case "countif", "count_if", "sumif":
		return "Write count(*) FILTER (WHERE condition)."
	case "any_value", "first", "last":
		return "Write min(value), max(value), or (array_agg(value ORDER BY …))[1]."
	case "array_contains", "list_contains":
		return "Write element = ANY (array)."
	case "json_extract", "get_json_object", "json_value":
		return "Write document -> 'key' or document ->> 'key', or #>> '{a,b}' for a path."
	case "read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_parquet":
		return "Declare the file by CREATE SOURCE name WITH (connector = 'file', path = '…'), and read from name."
	default:
		return ""
	}
}

// field is the field of a time that a function of its name gives.
func field(name string) string {
	switch name {
	case "dayofweek":
		return "dow"
	case "dayofyear":
		return "doy"
	case "datepart":
		return "year"
	default:
		return name
	}
}

// numberOf is a number with the noun of what is counted.
func numberOf(noun string, n int) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
