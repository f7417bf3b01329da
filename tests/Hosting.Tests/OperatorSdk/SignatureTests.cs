using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using KubeOps.Abstractions.Builder;
using KubeOps.Operator;
using KubeOps.Operator.Web.Webhooks.Admission.Validation;
using Turnpike.OperatorSdk;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Hosting.OperatorSdk;

/// <summary>
/// The facade must have KubeOps' names and no others: whoever changes one changes Signatures.txt too, and has a reason to look at what
/// the packages call it. TURNPIKE_GOLDEN=update rewrites the file. With the packages in place of the facade, each line of it must be there.
/// </summary>
public sealed class SignatureTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly string Baseline = Path.Combine(GoldenFiles.Root, "..", "Hosting.Tests", "OperatorSdk", "Signatures.txt");

    private static bool IsFacade => typeof(ServiceCollectionExtensions).Assembly == typeof(OperatorApi).Assembly;

    [Fact]
    public void PublicMembers_AreThoseOfTheBaseline()
    {
        Assert.SkipUnless(IsFacade, "the packages have more");
        var actual = Describe(typeof(OperatorApi).Assembly);
        if (Environment.GetEnvironmentVariable("TURNPIKE_GOLDEN") == "update")
            File.WriteAllText(Baseline, actual);
        Assert.Equal(File.ReadAllText(Baseline), actual);
    }

    /// <summary>In the assemblies that hold the names, whosever they are; inherited members and further bases are no matter.</summary>
    [Fact]
    public void EveryLineOfTheBaseline_IsThere()
    {
        var assemblies = new[]
        {
            typeof(OperatorApi),
            typeof(IOperatorBuilder),
            typeof(ServiceCollectionExtensions),
            typeof(ValidationWebhookAttribute),
        }
            .Select(type => type.Assembly)
            .Distinct();
        var types = assemblies.SelectMany(assembly => assembly.GetExportedTypes()).ToDictionary(type => $"{Kind(type)} {Name(type)}");
        HashSet<string> bases = [], members = [];
        List<string> missing = [];
        foreach (var line in File.ReadLines(Baseline))
        {
            if (line.StartsWith(' '))
            {
                if (!members.Contains(line.Trim()))
                    missing.Add($"  {line.Trim()}");
                continue;
            }
            var (head, parents) = line.Split(" : ") is [var left, var right] ? (left, right.Split(", ")) : (line, []);
            if (!types.TryGetValue(head, out var type))
            {
                missing.Add(head);
                members = [];
                continue;
            }
            bases = [.. Ancestors(type).Select(Name)];
            missing.AddRange(parents.Where(parent => !bases.Contains(parent)).Select(parent => $"{head} : {parent}"));
            members = [.. Ancestors(type).Prepend(type).SelectMany(one => one.GetMembers(Declared)).Select(Describe).OfType<string>()];
        }
        Assert.Equal([], missing);
    }

    private static IEnumerable<Type> Ancestors(Type type)
    {
        for (var parent = type.BaseType; parent is not null; parent = parent.BaseType)
            yield return parent;
        foreach (var contract in type.GetInterfaces())
            yield return contract;
    }

    private static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(Name(type));
            var bases = new[] { type.BaseType }.Concat(type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? []))
                .OfType<Type>()
                .Where(parent => parent != typeof(object) && parent != typeof(Enum) && parent != typeof(MulticastDelegate))
                .Where(parent => !type.IsEnum && !typeof(Delegate).IsAssignableFrom(type))
                .Select(Name)
                .Order(StringComparer.Ordinal);
            text.AppendLine(string.Join(", ", bases) is { Length: > 0 } list ? " : " + list : "");
            foreach (var member in type.GetMembers(Declared).Select(Describe).OfType<string>().Order(StringComparer.Ordinal))
                text.Append("    ").AppendLine(member);
        }

        return text.ToString();
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    private static string? Describe(MemberInfo member) => member switch
    {
        _ when member.GetCustomAttribute<CompilerGeneratedAttribute>() is not null && member is not PropertyInfo => null,
        FieldInfo { IsPublic: true, IsLiteral: true } field => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), null)}",
        FieldInfo => null,
        PropertyInfo property when Visible(property.GetMethod) =>
            $"{Name(property.PropertyType)} {property.Name} {{ get;{Setter(property)} }}",
        ConstructorInfo constructor when Visible(constructor) => $"{Access(constructor)}new({Parameters(constructor)})",
        MethodInfo { IsSpecialName: false } method when Visible(method) && !IsBoilerplate(method) =>
            $"{Access(method)}{Modifier(method)}{Name(method.ReturnType)} {method.Name}{Generics(method)}({Parameters(method)})",
        _ => null,
    };

    private static bool Visible(MethodBase? method) => method is { IsPublic: true } or { IsFamily: true };

    private static bool IsBoilerplate(MethodInfo method) =>
        method.Name is "BeginInvoke" or "EndInvoke" or "<Clone>$" or "PrintMembers" or "Deconstruct"
        || method.GetBaseDefinition().DeclaringType == typeof(object);

    private static string Access(MethodBase method) => method.IsFamily ? "protected " : "";

    private static string Modifier(MethodInfo method) =>
        method.IsStatic ? "static " : method is { IsVirtual: true, IsFinal: false } && !method.DeclaringType!.IsInterface ? "virtual " : "";

    private static string Setter(PropertyInfo property) =>
        !Visible(property.SetMethod) ? ""
        : property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;"
        : " set;";

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        (parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "")
        + Name(parameter.ParameterType) + " " + parameter.Name
        + (parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "")));

    private static string Name(Type type)
    {
        if (type.IsGenericParameter)
            return type.Name;
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return Name(inner) + "?";
        var name =
            type.Namespace is { } ns && ns.StartsWith("System", StringComparison.Ordinal)
                ? type.Name
                : type.FullName ?? $"{type.Namespace}.{type.Name}";
        return type.IsGenericType ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
