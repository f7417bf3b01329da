using System.Text.Json.Nodes;

namespace Turnpike.Operator.Status;

/// <summary>A condition in the status of an object, in the form of Kubernetes.</summary>
internal sealed record StatusCondition(string Type, bool? IsTrue, string Reason, string Message)
{
    private string Status => IsTrue switch { true => "True", false => "False", null => "Unknown" };

    /// <summary>Writes the conditions as JSON. Each keeps the time of its last transition while its status stays the same.</summary>
    public static JsonArray ToJson(IEnumerable<StatusCondition> conditions, JsonArray? previous, long generation, DateTimeOffset now)
    {
        var array = new JsonArray();
        foreach (var condition in conditions)
        {
            var old = previous?.OfType<JsonObject>().FirstOrDefault(c => (string?)c["type"] == condition.Type);
            var since = old is not null && (string?)old["status"] == condition.Status && (string?)old["lastTransitionTime"] is { } time
                ? time
                : now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
            array.Add(new JsonObject
            {
                ["type"] = condition.Type,
                ["status"] = condition.Status,
                ["reason"] = condition.Reason,
                ["message"] = condition.Message,
                ["lastTransitionTime"] = since,
                ["observedGeneration"] = generation,
            });
        }
        return array;
    }
}
