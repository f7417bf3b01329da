using System.Collections.Immutable;
using FluentValidation;

namespace Turnpike.Reading;

/// <summary>Rules that several validators share.</summary>
internal static class CommonRules
{
    private static readonly GoDuration OneMillisecond = new(1_000_000);

    /// <summary>Checks the syntax of a string that is not empty. <paramref name="fault"/> returns what would be right, or null.</summary>
    public static IRuleBuilderOptionsConditions<T, string?> Form<T>(this IRuleBuilder<T, string?> rule, Func<string, string?> fault) =>
        rule.Custom((text, context) =>
        {
            if (!string.IsNullOrEmpty(text) && fault(text) is { } detail)
                context.Invalid(detail);
        });

    /// <summary>Checks each string of a list. An empty string is an error too.</summary>
    public static void RuleForTexts<T>(
        this AbstractValidator<T> validator, Func<T, ImmutableArray<string>?> list, string name, Func<string, string?> fault) =>
        validator.RuleForEach(message => Items(list(message)))
            .Configure(rule => rule.PropertyName = name)
            .Custom((text, context) =>
            {
                if ((text.Length == 0 ? "must not be empty" : fault(text)) is { } detail)
                    context.Invalid(detail);
            });

    /// <summary>Checks the keys and values of a map of labels.</summary>
    public static void RuleForLabels<T>(
        this AbstractValidator<T> validator, Func<T, ImmutableSortedDictionary<string, string>?> labels) =>
        validator.RuleForEach(message => labels(message) ?? ObjectMeta.EmptyMap)
            .Configure(rule => rule.PropertyName = "Labels")
            .OverrideIndexer((_, _, label, _) => $"[{label.Key}]")
            .Custom((label, context) =>
            {
                if (Syntax.LabelText(label.Key) is { } key)
                    context.InvalidKey("a label's key " + key, label.Key);
                if (Syntax.LabelText(label.Value) is { } value)
                    context.Invalid("a label's value " + value);
            });

    public static IRuleBuilderOptionsConditions<T, GoDuration?> IsDuration<T>(
        this IRuleBuilder<T, GoDuration?> rule, bool required, bool wholeSeconds = false) =>
        rule.Custom((value, context) =>
        {
            if (value is not { } duration)
            {
                if (required)
                    context.Required("a duration such as 3s or 500ms");
            }
            else if (duration < OneMillisecond)
            {
                context.Invalid("must be at least 1ms");
            }
            else if (!duration.IsWholeMilliseconds)
            {
                context.Invalid("must be whole milliseconds");
            }
            else if (wholeSeconds && !duration.IsWholeSeconds)
            {
                context.Invalid("must be whole seconds");
            }
        });

    public static IRuleBuilderOptionsConditions<T, double?> IsPercentage<T>(this IRuleBuilder<T, double?> rule) =>
        rule.Custom((percent, context) =>
        {
            switch (percent)
            {
                case null:
                    context.Warn("defaults to 100, so every request is affected");
                    break;
                case 0:
                    context.Warn("0 means never: the fault has no effect");
                    break;
                case not (>= 0 and <= 100):
                    context.Invalid("must be between 0 and 100");
                    break;
            }
        });

    public static IRuleBuilderOptionsConditions<T, string?> HasNoEffect<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Custom((text, context) =>
        {
            if (!string.IsNullOrEmpty(text))
                context.Warn("has no effect");
        });

    private static IEnumerable<string> Items(ImmutableArray<string>? items) => items ?? [];
}
