using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Turnpike.Compiler.Incremental;

/// <summary>Keeps a value that was made of other objects for as long as these are the same objects. Not thread-safe.</summary>
internal sealed class Remembered<T>
{
    private object?[]? _inputs;
    private T? _value;

    /// <summary>
    /// Returns the value for these inputs, which are compared by reference, and makes it where they are not those of the last call.
    /// </summary>
    public T Get(Func<T> make, params object?[] inputs)
    {
        if (_inputs is null || !AreSame(_inputs, inputs))
            (_value, _inputs) = (make(), inputs);
        return _value!;
    }

    private static bool AreSame(object?[] left, object?[] right)
    {
        for (var i = 0; i < left.Length; i++)
        {
            if (!ReferenceEquals(left[i], right[i]))
                return false;
        }
        return true;
    }
}

/// <summary>Compares immutable arrays by what they are, without a look at each element where they are the same.</summary>
internal static class Identity
{
    /// <summary>Returns an object that two arrays share exactly if they are one.</summary>
    public static object Of<T>(ImmutableArray<T> array) => ImmutableCollectionsMarshal.AsArray(array) ?? (object)Array.Empty<T>();

    /// <summary>Whether two arrays hold the same objects in the same order.</summary>
    public static bool AreSame<T>(ImmutableArray<T> left, ImmutableArray<T> right)
        where T : class
    {
        if (left == right)
            return true;
        if (left.Length != right.Length)
            return false;
        for (var i = 0; i < left.Length; i++)
        {
            if (!ReferenceEquals(left[i], right[i]))
                return false;
        }
        return true;
    }
}
