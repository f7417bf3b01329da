using Turnpike.Compiler;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Compiler;

namespace Turnpike.Tests.Compiler;

/// <summary>Manifests under <c>testdata/compile</c> against the table and the diagnostics that they give.</summary>
public sealed class CompileGoldenTests
{
    public static TheoryData<string> Cases => [.. GoldenFiles.Cases("compile", ".yaml")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Compiles_ToTheExpectedTable(string name)
    {
        var store = new ObjectStore();
        store.Put(GoldenFiles.Read(name));
        GoldenFiles.Verify(name, store.Compile());
    }
}
