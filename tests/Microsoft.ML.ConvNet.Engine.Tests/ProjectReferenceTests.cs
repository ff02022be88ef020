using System.Xml.Linq;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Dependencies point one way, and only kernels are unsafe code: read from the project files of src.</summary>
public class ProjectReferenceTests
{
    private const string Root = "Microsoft.ML.ConvNet";

    // What each project may refer to; references of standins are named by their folder.
    private static readonly Dictionary<string, string[]> _allowed = new()
    {
        [$"{Root}.Engine"] = [],
        [$"{Root}.Cpu"] = [$"{Root}.Engine"],
        [$"{Root}.Gpu"] = [$"{Root}.Engine", "standins/ILGPU"],
        [Root] = [$"{Root}.Cpu", $"{Root}.Gpu", $"{Root}.Engine", "standins/MLNet"],
    };

    private static readonly string[] _unsafe = [$"{Root}.Cpu", $"{Root}.Gpu"];

    public static TheoryData<string> Projects => new(ProjectPaths());

    [Fact]
    public void The_engine_and_its_kernels_are_there()
        => Assert.Superset(
            new HashSet<string> { $"{Root}.Engine", $"{Root}.Cpu", $"{Root}.Gpu" },
            ProjectPaths().Select(path => Path.GetFileNameWithoutExtension(path)).ToHashSet());

    [Theory]
    [MemberData(nameof(Projects))]
    public void References_point_one_way(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        Assert.True(_allowed.TryGetValue(name, out var allowed), $"{project} is new: say here what it may refer to.");
        Assert.Empty(References(project).Except(allowed));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void The_feed_is_reached_through_the_bridge_projects_alone(string project)
        => Assert.Empty(Items(project, "PackageReference").Concat(Items(project, "Reference")));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Only_kernels_may_be_unsafe(string project)
    {
        var allows = Load(project).Descendants("AllowUnsafeBlocks").Any(e => bool.Parse(e.Value));
        Assert.True(!allows || _unsafe.Contains(Path.GetFileNameWithoutExtension(project)), $"{project} allows unsafe blocks.");
    }

    [Fact]
    public void Unsafe_code_is_not_allowed_for_all_projects_at_once()
        => Assert.All(
            Directory.GetFiles(Repository.Root, "Directory.*.*").Concat(Directory.GetFiles(Path.Combine(Repository.Root, "src"), "Directory.*.*")),
            path => Assert.DoesNotContain("AllowUnsafeBlocks", File.ReadAllText(path), StringComparison.Ordinal));

    private static IEnumerable<string> ProjectPaths()
        => Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path));

    private static IEnumerable<string> References(string project)
        => Items(project, "ProjectReference").Select(include =>
        {
            var path = Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, include.Replace('\\', '/')));
            var relative = Path.GetRelativePath(Repository.Root, path).Replace('\\', '/');
            return relative.StartsWith("standins/", StringComparison.Ordinal) ? string.Join('/', relative.Split('/')[..2]) : Path.GetFileNameWithoutExtension(path);
        });

    private static IEnumerable<string> Items(string project, string kind) => Load(project).Descendants(kind).Select(e => e.Attribute("Include")!.Value);

    private static XElement Load(string project) => XElement.Load(Path.Combine(Repository.Root, project));
}
