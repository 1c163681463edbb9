using CsCheck;

namespace OrleansScheduler.Core.Tests;

public sealed class ServiceTemplateTests
{
    private static readonly Dictionary<string, (string Host, int Port)[]> Known = new(StringComparer.Ordinal)
    {
        ["shop/prod/db:sql"] = [("10.0.0.1", 31_000), ("::1", 31_001)],
        ["shop/prod/db:http"] = [],
    };

    [Theory]
    [InlineData("db = ${service:shop/prod/db:sql};", "db = 10.0.0.1:31000,[::1]:31001;")]
    [InlineData("<${service:shop/prod/db:http}|${service:no/such/job:x}>", "<|>")]
    [InlineData("${service:shop/prod/db:sql}${service:shop/prod/db:sql}", "10.0.0.1:31000,[::1]:3100110.0.0.1:31000,[::1]:31001")]
    [InlineData("$host ${X:-y} ${services:a} {}", "$host ${X:-y} ${services:a} {}")]
    [InlineData("", "")]
    public void References_become_addresses_and_all_else_stays(string text, string expected) => Assert.Equal(expected, Render(text));

    [Fact]
    public void Names_that_commands_know_are_replaced_outside_of_references_only() => Assert.Equal(
        "N 10.0.0.1:31000,[::1]:31001 N",
        ServiceTemplate.Parse("X ${service:shop/prod/db:sql} X").Value!.Render(Addresses, literal => literal.Replace('X', 'N')));

    [Fact]
    public void A_template_names_each_service_once() => Assert.Equal(
        [new("a", "b", "c"), new("a", "b", "d")],
        ServiceTemplate.Parse("${service:a/b/c:x}${service:a/b/c:y}${service:a/b/d:x}").Value!.Services);

    [Fact]
    public void Any_text_without_references_is_itself() => Gen.String.Where(text => !text.Contains("${service:"))
        .Sample(text => Assert.Equal(text, Render(text)));

    [Fact]
    public void Any_text_behind_the_beginning_of_a_reference_is_read_or_refused() => Gen.String.Sample(text =>
    {
        var answer = ServiceTemplate.Parse("${service:" + text);
        Assert.True(answer.Value is not null || answer.Problem!.Code == "template-reference");
    });

    private static string Render(string text) => ServiceTemplate.Parse(text).Value!.Render(Addresses, literal => literal);

    private static IEnumerable<(string Host, int Port)> Addresses(ServiceReference reference) =>
        Known.GetValueOrDefault($"{reference.Service}:{reference.Port}", []);
}
