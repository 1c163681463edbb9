namespace OrleansScheduler.Agent.Tests;

public sealed class OciUserTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("osched-root-").FullName;

    public OciUserTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "etc"));
        File.WriteAllText(Path.Combine(_root, "etc/passwd"), "root:x:0:0::/:/bin/sh\nweb:x:1234:1235::/:/bin/sh\n");
        File.WriteAllText(Path.Combine(_root, "etc/group"), "root:x:0:\nstaff:x:50:\nextra:x:77:other,web\n");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(null, "0 0 []")]
    [InlineData("web", "1234 1235 [77]")]
    [InlineData("1234", "1234 1235 [77]")]
    [InlineData("999", "999 0 []")]
    [InlineData("web:staff", "1234 50 []")]
    [InlineData("5:6", "5 6 []")]
    public void Names_and_numbers_mean_accounts_of_the_image(string? text, string expected)
    {
        var user = OciUser.Of(text, _root);

        Assert.Equal(expected, $"{user.Id} {user.Group} [{string.Join(' ', user.OtherGroups)}]");
    }

    [Theory]
    [InlineData("nobody-like-this")]
    [InlineData("web:no-group")]
    [InlineData("-1")]
    public void What_the_image_does_not_have_is_refused(string text) => Assert.Throws<TaskStartException>(() => OciUser.Of(text, _root));

    [Fact]
    public void A_link_to_the_nodes_accounts_is_not_followed()
    {
        File.Delete(Path.Combine(_root, "etc/passwd"));
        File.CreateSymbolicLink(Path.Combine(_root, "etc/passwd"), "/etc/passwd");

        Assert.Throws<TaskStartException>(() => OciUser.Of("daemon", _root));
    }
}
