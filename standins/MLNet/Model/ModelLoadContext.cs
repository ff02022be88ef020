// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: where a component reads itself, and how its loader is found.
using System.Reflection;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

internal sealed class ModelLoadContext : IDisposable
{
    public const string ModelStreamName = "Model.key";
    public readonly RepositoryReader Repository;
    public readonly string Directory;
    public readonly BinaryReader Reader;
    public readonly string LoaderAssemblyName;
    internal ModelHeader Header;
    private readonly long _model;

    private ModelLoadContext(RepositoryReader repository, Stream stream, string directory)
    {
        Repository = repository;
        Directory = directory;
        Reader = new BinaryReader(stream, Encoding.UTF8);
        try
        {
            Header = ModelHeader.Read(Reader, out LoaderAssemblyName);
        }
        catch (EndOfStreamException e)
        {
            Reader.Dispose();
            throw new FormatException("Corrupt model file", e);
        }
        _model = stream.Position;
    }

    public bool InRepository => true;

    public static bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep, string dir)
        where TRes : class
    {
        result = null;
        var stream = rep.OpenOrNull(ML.Repository.PathOf(dir, ModelStreamName));
        if (stream == null)
            return false;
        using var ctx = new ModelLoadContext(rep, stream, dir);
        if (!string.IsNullOrEmpty(ctx.LoaderAssemblyName))
            env.ComponentCatalog.RegisterAssembly(Assembly.Load(ctx.LoaderAssemblyName));
        foreach (var name in new[] { ctx.Header.LoaderSignature, ctx.Header.LoaderSignatureAlt })
        {
            if (!string.IsNullOrWhiteSpace(name) && env.ComponentCatalog.TryCreateModel(env, name, ctx, out var model) && (result = model as TRes) != null)
                return true;
        }
        throw new FormatException($"Couldn't load model: '{dir}'");
    }

    public static void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep, string dir)
        where TRes : class
    {
        if (!LoadModelOrNull<TRes, TSig>(env, out result, rep, dir))
            throw new FormatException("Corrupt model file");
    }

    public bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, string name)
        where TRes : class => LoadModelOrNull<TRes, TSig>(env, out result, Repository, ML.Repository.PathOf(Directory, name));

    public void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, string name)
        where TRes : class => LoadModel<TRes, TSig>(env, out result, Repository, ML.Repository.PathOf(Directory, name));

    public void CheckAtModel()
    {
        if (Reader.BaseStream.Position != _model)
            throw new InvalidOperationException("The model's stream is not at its start.");
    }

    public void CheckAtModel(VersionInfo ver)
    {
        CheckAtModel();
        CheckVersionInfo(ver);
    }

    public void CheckVersionInfo(VersionInfo ver) => Header.Check(ver);

    public bool TryLoadBinaryStream(string name, Action<BinaryReader> action)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        Contracts.CheckValue(action, nameof(action));
        using var stream = Repository.OpenOrNull(ML.Repository.PathOf(Directory, name));
        if (stream == null)
            return false;
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        action(reader);
        return true;
    }

    public bool TryLoadTextStream(string name, Action<TextReader> action)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        Contracts.CheckValue(action, nameof(action));
        using var stream = Repository.OpenOrNull(ML.Repository.PathOf(Directory, name));
        if (stream == null)
            return false;
        using var reader = new StreamReader(stream);
        action(reader);
        return true;
    }

    public void Dispose() => Reader.Dispose();
}
