using System.Globalization;
using System.Text;

namespace Turnpike.Tests.EndToEnd.Support;

/// <summary>The measurements of the stories, for people to read.</summary>
internal sealed class Measurements
{
    private readonly List<(string What, string Value)> _rows = [];

    public void Add(string what, TimeSpan took) => Add(what, Text(took));

    /// <summary>Median, 99th percentile and maximum of many.</summary>
    public void Add(string what, IReadOnlyCollection<TimeSpan> took)
    {
        var sorted = took.Order().ToList();
        Add(what, $"median {Text(At(sorted, 0.5))}, p99 {Text(At(sorted, 0.99))}, maximum {Text(sorted[^1])} of {sorted.Count}");
    }

    public void Add(string what, string value)
    {
        _rows.Add((what, value));
        Story.Print($"        {what}: {value}");
    }

    public async Task WriteAsync(string file)
    {
        if (_rows.Count == 0)
            return;
        var text = new StringBuilder("# Measured by `make e2e`\n\n| What | Value |\n|---|---|\n");
        foreach (var (what, value) in _rows)
            text.Append(CultureInfo.InvariantCulture, $"| {what} | {value} |\n");
        await File.WriteAllTextAsync(file, text.ToString());
    }

    private static TimeSpan At(List<TimeSpan> sorted, double quantile) =>
        sorted[Math.Clamp((int)Math.Ceiling(quantile * sorted.Count) - 1, 0, sorted.Count - 1)];

    private static string Text(TimeSpan time) => time < TimeSpan.FromSeconds(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s");
}
