// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: where a component writes itself.
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed class ModelSaveContext : IDisposable
{
    internal readonly RepositoryWriter Repository;
    internal readonly string Directory;
    internal readonly BinaryWriter Writer;
    internal ModelHeader Header;
    private readonly string _path;
    private readonly Stream _body;
    private string _loaderAssemblyName;

    internal ModelSaveContext(RepositoryWriter repository, string directory, string name)
    {
        Repository = repository;
        Directory = directory;
        _path = ML.Repository.PathOf(directory, name);
        _body = ML.Repository.TemporaryStream(repository.Environment);
        Writer = new BinaryWriter(_body, Encoding.UTF8, leaveOpen: true);
    }

    internal bool InRepository => true;

    public void Dispose()
    {
        Writer.Dispose();
        _body.Dispose();
    }

    internal static void SaveModel<T>(RepositoryWriter repository, T value, string path)
        where T : class
    {
        if (value is not ICanSaveModel model)
            return;
        using var ctx = new ModelSaveContext(repository, path, ModelLoadContext.ModelStreamName);
        model.Save(ctx);
        ctx.Done();
    }

    internal void CheckAtModel()
    {
        Writer.Flush();
        if (_body.Position != 0)
            throw new InvalidOperationException("The model's stream is not at its start.");
    }

    internal void SetVersionInfo(VersionInfo ver)
    {
        Header.ModelSignature = ver.ModelSignature;
        Header.ModelVerWritten = ver.VerWrittenCur;
        Header.ModelVerReadable = ver.VerReadableCur;
        Header.LoaderSignature = ver.LoaderSignature;
        Header.LoaderSignatureAlt = ver.LoaderSignatureAlt;
        _loaderAssemblyName = ver.LoaderAssemblyName;
    }

    internal void SaveBinaryStream(string name, Action<BinaryWriter> action)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        Contracts.CheckValue(action, nameof(action));
        Repository.Add(ML.Repository.PathOf(Directory, name), stream =>
        {
            using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
            action(writer);
        });
    }

    internal void SaveTextStream(string name, Action<TextWriter> action)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        Contracts.CheckValue(action, nameof(action));
        Repository.Add(ML.Repository.PathOf(Directory, name), stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            action(writer);
        });
    }

    internal void SaveModel<T>(T value, string name)
        where T : class => SaveModel(Repository, value, ML.Repository.PathOf(Directory, name));

    internal void Done()
    {
        if (Header.ModelSignature == 0)
            throw new InvalidOperationException("ModelSignature not specified!");
        Writer.Flush();
        Repository.Add(_path, stream =>
        {
            using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
                Header.Write(writer, _loaderAssemblyName);
            _body.Position = 0;
            _body.CopyTo(stream);
        });
    }
}
