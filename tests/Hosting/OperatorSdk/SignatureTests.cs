using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using KubeOps.Operator;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Hosting.OperatorSdk;

/// <summary>
/// The facade must have KubeOps' names and no others: whoever changes one changes Signatures.txt too, and has a reason to look at what
/// the packages call it. TURNPIKE_GOLDEN=update rewrites the file.
/// </summary>
public sealed class SignatureTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void PublicMembers_AreThoseOfTheBaseline()
    {
        var path = Path.Combine(GoldenFiles.Root, "..", "Hosting", "OperatorSdk", "Signatures.txt");
        var actual = Describe(typeof(ServiceCollectionExtensions).Assembly);
        if (Environment.GetEnvironmentVariable("TURNPIKE_GOLDEN") == "update")
            File.WriteAllText(path, actual);
        Assert.Equal(File.ReadAllText(path), actual);
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
        var name = type.Namespace is { } ns && ns.StartsWith("System", StringComparison.Ordinal) ? type.Name : type.FullName ?? $"{type.Namespace}.{type.Name}";
        return type.IsGenericType
            ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : name;
    }
}
