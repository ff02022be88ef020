// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: hosts, channels and progress channels.
using System.Globalization;

namespace Microsoft.ML.Runtime;

internal class LocalHost : IHost, IHostEnvironmentInternal
{
    private readonly LocalEnvironment _root;
    private readonly string _fullName;
    private Random _rand;
    private readonly object _gate = new();

    protected LocalHost(int? seed)
    {
        _root = (LocalEnvironment)this;
        _rand = seed is int s ? new Random(s) : new Random();
    }

    private LocalHost(LocalEnvironment root, string fullName, Random rand)
    {
        _root = root;
        _fullName = fullName;
        _rand = rand;
    }

    public Random Rand => _rand;

    public ComponentCatalog ComponentCatalog => _root.Catalog;

    public string ContextDescription => _fullName;

    public int? Seed => _root.EnvironmentSeed;

    public string TempFilePath
    {
        get => _root.TempPath;
        set => _root.TempPath = value;
    }

    public int? GpuDeviceId
    {
        get => _root.Gpu;
        set => _root.Gpu = value;
    }

    public bool FallbackToCpu
    {
        get => _root.Fallback;
        set => _root.Fallback = value;
    }

    // The order of registrations decides the seeds, so that a seeded context is deterministic.
    public IHost Register(string name, int? seed = null, bool? verbose = null)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        Random rand;
        lock (_gate)
            rand = new Random(seed ?? _rand.Next());
        return new LocalHost(_root, Join(name), rand);
    }

    public TException Process<TException>(TException ex)
        where TException : Exception => ex;

    public IChannel Start(string name) => new Channel(this, Join(name));

    public IPipe<TMessage> StartPipe<TMessage>(string name) => new Pipe<TMessage>(this);

    public IProgressChannel StartProgressChannel(string name) => new ProgressChannel();

    private string Join(string name) => string.IsNullOrEmpty(_fullName) ? name : $"{_fullName}; {name}";

    private sealed class Channel(LocalHost host, string source) : IChannel
    {
        public string ContextDescription => source;

        public TException Process<TException>(TException ex)
            where TException : Exception => host.Process(ex);

        public void Trace(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Trace, fmt);

        public void Trace(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Trace, fmt, args);

        public void Info(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Info, fmt);

        public void Info(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Info, fmt, args);

        public void Warning(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Warning, fmt);

        public void Warning(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Warning, fmt, args);

        public void Error(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Error, fmt);

        public void Error(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Error, fmt, args);

        public void Dispose()
        {
        }

        private void Send(ChannelMessageKind kind, string fmt, object[] args) => Send(kind, string.Format(CultureInfo.CurrentCulture, fmt, args));

        private void Send(ChannelMessageKind kind, string message) => host._root.Publish(source, kind, message);
    }

    private sealed class Pipe<TMessage>(LocalHost host) : IPipe<TMessage>
    {
        public string ContextDescription => host.ContextDescription;

        public TException Process<TException>(TException ex)
            where TException : Exception => host.Process(ex);

        public void Send(TMessage msg)
        {
        }

        public void Dispose()
        {
        }
    }

    /// <summary>Progress never reaches MLContext.Log, so nothing has to be kept.</summary>
    private sealed class ProgressChannel : IProgressChannel
    {
        public void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction)
        {
        }

        public void Checkpoint(params double?[] values)
        {
        }

        public IProgressChannel StartProgressChannel(string name) => new ProgressChannel();

        public void Dispose()
        {
        }
    }
}

internal sealed class LocalEnvironment : LocalHost
{
    public LocalEnvironment(int? seed)
        : base(seed) => EnvironmentSeed = seed;

    public event Action<string, ChannelMessageKind, string> Message;

    public ComponentCatalog Catalog { get; } = new();

    public int? EnvironmentSeed { get; }

    public string TempPath { get; set; } = Path.GetTempPath();

    public int? Gpu { get; set; }

    public bool Fallback { get; set; } = true;

    public void Publish(string source, ChannelMessageKind kind, string message) => Message?.Invoke(source, kind, message);
}
