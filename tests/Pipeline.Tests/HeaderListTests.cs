using System.Text;
using Turnpike.Http;
using Turnpike.Pipeline;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Pipeline;

/// <summary>Heads as bytes in one buffer.</summary>
public sealed class HeaderListTests
{
    private static readonly string[] Names = ["Host", "cookie", "x-forwarded-for", "X-User", "x-user", "X-USERS", "te", "y"];

    /// <summary>Random changes, held to a plain list of strings.</summary>
    [Fact]
    public void List_AgreesWithAListOfStrings()
    {
        var random = new Random(7);
        var list = new HeaderList();
        for (var round = 0; round < 200; round++)
        {
            var model = new List<(string Name, string Value)>();
            list.Clear();
            for (var step = 0; step < 60; step++)
            {
                var name = random.GetItems(Names, 1)[0];
                var value = new string((char)('a' + step % 26), random.Next(0, 400));
                switch (random.Next(6))
                {
                    case 0:
                        model.RemoveAll(h => Same(h.Name, name));
                        list.Remove(HeaderName.Of(name));
                        break;
                    case 1:
                        model.RemoveAll(h => Same(h.Name, "te"));
                        model.Add(("te", value));
                        list.Set(KnownHeader.Te, Encoding.ASCII.GetBytes(value));
                        break;
                    default:
                        model.Add((name, value));
                        list.Add(name, value);
                        break;
                }
                AssertEqual(model, list, name);
            }
        }
    }

    /// <summary>
    /// A value that was handed out is still there when the buffer has been exchanged for a larger one, even as the source of a copy.
    /// </summary>
    [Fact]
    public void Value_StaysAsItIs_WhileTheListGrows()
    {
        var list = new HeaderList();
        list.Add("x-first", "kept");
        Assert.True(list.TryGetFirst(HeaderName.Of("x-first"), out var value));
        for (var i = 0; i < 200; i++)
            list.Add(KnownHeader.XRequestId, value);
        for (var i = 0; i < 100; i++)
            list.Add("x-large", new string('l', 1000));
        Assert.Equal("kept", value.Text());
        Assert.Equal(string.Join(", ", Enumerable.Repeat("kept", 200)), list.Joined("x-request-id"));
    }

    [Fact]
    public void Names_CompareWithoutCase_AndKeepTheirs()
    {
        var list = new HeaderList();
        list.Add("X-UsEr"u8, "1"u8);
        list.Add("CONTENT-type"u8, "2"u8);
        Assert.Equal("1", list.First("x-user"));
        Assert.Equal("2", list.First("content-type"));
        Assert.Equal("X-UsEr", list[0].NameText);
        Assert.Equal("CONTENT-type", list[1].NameText);
        Assert.Equal((KnownHeader.None, KnownHeader.ContentType), (list[0].Known, list[1].Known));
    }

    /// <summary>Text from elsewhere that is no text of the wire becomes something that every rule refuses, not something else.</summary>
    [Fact]
    public void WideCharacter_IsNotRepaired()
    {
        var list = new HeaderList();
        list.Add("x\u20ac", "a\u0100");
        list.Add("x", "\u00fc");
        Assert.False(HttpSyntax.IsFieldName(list[0].Name));
        Assert.False(HttpSyntax.IsFieldValue(list[0].Value));
        Assert.True(list[1].Value.SequenceEqual(new byte[] { 0xfc }));
    }

    [Fact]
    public void FillingAgain_AllocatesNothing()
    {
        var (request, response) = (new RequestHead(), new ResponseHead());
        Fill(request, response);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Fill(request, response);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Fill(RequestHead request, ResponseHead response)
    {
        request.Method = "GET"u8;
        request.Target = "/a?b"u8;
        request.Authority = "a.example"u8;
        for (var i = 0; i < 4; i++)
            request.Headers.Add("Cookie"u8, "a=1"u8);
        request.Headers.Add("x-user"u8, "jason"u8);
        Assert.True(request.Headers.TryCombine(KnownHeader.Cookie, out _));
        request.Headers.CopyTo(response.PolicyHeaders);
        response.Headers.Add(KnownHeader.ContentLength, 1024);
        response.VariesByOrigin = true;
        response.ApplyPolicies();
        request.Clear();
        response.Clear();
    }

    private static void AssertEqual(List<(string Name, string Value)> model, HeaderList list, string name)
    {
        Assert.Equal(model.Count, list.Count);
        for (var i = 0; i < model.Count; i++)
            Assert.Equal(model[i], (list[i].NameText, list[i].ValueText));
        var values = model.Where(h => Same(h.Name, name)).Select(h => h.Value).ToList();
        Assert.Equal(values.Count > 0, list.Contains(HeaderName.Of(name)));
        Assert.Equal(values.FirstOrDefault(), list.First(name));
        var joined = values.Count == 0 ? null : string.Join(Same(name, "cookie") ? "; " : ", ", values);
        Assert.Equal(joined, list.Joined(name));
        Assert.Equal(joined, list.Joined(name));
    }

    private static bool Same(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
