/** What may go wrong with a wake-up, as far as a person is told. */
export type Failure = 'timeout' | 'refused' | 'full' | 'leaving' | 'later' | 'maintenance';

/** What the page says in one language. `{n}` is a number of seconds. */
export interface Texts {
  readonly direction: 'ltr' | 'rtl';
  readonly title: string;
  /** It goes on by itself. */
  readonly text: string;
  readonly progress: string;
  readonly unknown: string;
  readonly usual: string;
  readonly soon: string;
  readonly late: string;
  readonly failed: string;
  /** In place of `failed`, where it sleeps on purpose. */
  readonly maintenance: string;
  readonly failures: Readonly<Record<Failure, string>>;
  readonly retry: string;
}

/** The first is for those who want none of them. */
export const LANGUAGES = ['en', 'ja', 'de', 'fr', 'es', 'zh', 'pt', 'ar'] as const;
export type Language = (typeof LANGUAGES)[number];

export const TEXTS: Readonly<Record<Language, Texts>> = {
  en: {
    direction: 'ltr',
    title: 'Starting up',
    text: 'This service was asleep and is starting now. The page opens by itself as soon as it is ready.',
    progress: 'Progress of the start, estimated',
    unknown: 'How long it takes is not known yet.',
    usual: 'About {n} seconds left, by the last starts.',
    soon: 'It should be ready any moment.',
    late: 'It is taking longer than usual. We keep trying.',
    failed: 'It did not start',
    maintenance: 'Under maintenance',
    failures: {
      timeout: 'The service did not become ready in time.',
      refused: 'The service could not be asked to start.',
      full: 'Too many people are waiting for this service.',
      leaving: 'The gateway is restarting.',
      later: 'This service may not be started again yet. Please try later.',
      maintenance: 'This service is paused for maintenance.',
    },
    retry: 'Try again',
  },
  ja: {
    direction: 'ltr',
    title: '起動しています',
    text: 'このサービスは休止していたため、いま起動しています。準備ができ次第、ページは自動的に開きます。',
    progress: '起動の進み具合（推定）',
    unknown: '所要時間はまだわかりません。',
    usual: '直近の起動実績から、残り約{n}秒です。',
    soon: 'まもなく準備が整います。',
    late: '通常より時間がかかっています。引き続き試みています。',
    failed: '起動できませんでした',
    maintenance: 'メンテナンス中です',
    failures: {
      timeout: '時間内にサービスの準備が整いませんでした。',
      refused: 'サービスに起動を依頼できませんでした。',
      full: 'このサービスを待っている人が多すぎます。',
      leaving: 'ゲートウェイが再起動しています。',
      later: 'このサービスはまだ再び起動できません。しばらくしてからお試しください。',
      maintenance: 'このサービスはメンテナンスのため停止しています。',
    },
    retry: 'もう一度試す',
  },
  de: {
    direction: 'ltr',
    title: 'Wird gestartet',
    text: 'Dieser Dienst hat geruht und startet gerade. Die Seite öffnet sich von selbst, sobald er bereit ist.',
    progress: 'Fortschritt des Starts, geschätzt',
    unknown: 'Wie lange es dauert, ist noch nicht bekannt.',
    usual: 'Noch etwa {n} Sekunden, nach den letzten Starts.',
    soon: 'Er sollte jeden Moment bereit sein.',
    late: 'Es dauert länger als sonst. Wir versuchen es weiter.',
    failed: 'Der Start ist nicht gelungen',
    maintenance: 'Wird gewartet',
    failures: {
      timeout: 'Der Dienst wurde nicht rechtzeitig bereit.',
      refused: 'Der Dienst konnte nicht zum Start aufgefordert werden.',
      full: 'Zu viele warten auf diesen Dienst.',
      leaving: 'Das Gateway startet gerade neu.',
      later: 'Dieser Dienst darf noch nicht wieder gestartet werden. Bitte später erneut versuchen.',
      maintenance: 'Dieser Dienst ruht wegen Wartungsarbeiten.',
    },
    retry: 'Erneut versuchen',
  },
  fr: {
    direction: 'ltr',
    title: 'Démarrage en cours',
    text: 'Ce service était en veille et démarre. La page s’ouvrira d’elle-même dès qu’il sera prêt.',
    progress: 'Avancement du démarrage, estimé',
    unknown: 'La durée n’est pas encore connue.',
    usual: 'Encore {n} secondes environ, d’après les derniers démarrages.',
    soon: 'Il devrait être prêt d’un instant à l’autre.',
    late: 'C’est plus long que d’habitude. Nous continuons d’essayer.',
    failed: 'Le démarrage a échoué',
    maintenance: 'En maintenance',
    failures: {
      timeout: 'Le service n’a pas été prêt à temps.',
      refused: 'Le démarrage du service n’a pas pu être demandé.',
      full: 'Trop de personnes attendent ce service.',
      leaving: 'La passerelle redémarre.',
      later: 'Ce service ne peut pas encore être redémarré. Réessayez plus tard.',
      maintenance: 'Ce service est arrêté pour maintenance.',
    },
    retry: 'Réessayer',
  },
  es: {
    direction: 'ltr',
    title: 'Iniciando',
    text: 'Este servicio estaba en reposo y se está iniciando. La página se abrirá sola en cuanto esté listo.',
    progress: 'Progreso del inicio, estimado',
    unknown: 'Aún no se sabe cuánto tardará.',
    usual: 'Quedan unos {n} segundos, según los últimos inicios.',
    soon: 'Debería estar listo en cualquier momento.',
    late: 'Está tardando más de lo habitual. Seguimos intentándolo.',
    failed: 'No se ha podido iniciar',
    maintenance: 'En mantenimiento',
    failures: {
      timeout: 'El servicio no estuvo listo a tiempo.',
      refused: 'No se pudo pedir al servicio que se iniciara.',
      full: 'Hay demasiadas personas esperando este servicio.',
      leaving: 'La puerta de enlace se está reiniciando.',
      later: 'Este servicio aún no se puede volver a iniciar. Inténtelo más tarde.',
      maintenance: 'Este servicio está detenido por mantenimiento.',
    },
    retry: 'Intentar de nuevo',
  },
  zh: {
    direction: 'ltr',
    title: '正在启动',
    text: '此服务先前处于休眠状态，现在正在启动。准备就绪后，页面会自动打开。',
    progress: '启动进度（估计）',
    unknown: '尚不清楚需要多长时间。',
    usual: '根据最近几次启动，大约还需 {n} 秒。',
    soon: '应该马上就好。',
    late: '比平时更久。我们仍在尝试。',
    failed: '未能启动',
    maintenance: '维护中',
    failures: {
      timeout: '服务未能及时就绪。',
      refused: '无法请求服务启动。',
      full: '等待此服务的人太多。',
      leaving: '网关正在重新启动。',
      later: '此服务暂时不能再次启动。请稍后再试。',
      maintenance: '此服务因维护而暂停。',
    },
    retry: '重试',
  },
  pt: {
    direction: 'ltr',
    title: 'A iniciar',
    text: 'Este serviço estava em repouso e está a iniciar. A página abre sozinha assim que estiver pronto.',
    progress: 'Progresso do início, estimado',
    unknown: 'Ainda não se sabe quanto tempo demora.',
    usual: 'Faltam cerca de {n} segundos, segundo os últimos inícios.',
    soon: 'Deve estar pronto a qualquer momento.',
    late: 'Está a demorar mais do que o habitual. Continuamos a tentar.',
    failed: 'Não foi possível iniciar',
    maintenance: 'Em manutenção',
    failures: {
      timeout: 'O serviço não ficou pronto a tempo.',
      refused: 'Não foi possível pedir ao serviço que iniciasse.',
      full: 'Há demasiadas pessoas à espera deste serviço.',
      leaving: 'O gateway está a reiniciar.',
      later: 'Este serviço ainda não pode voltar a ser iniciado. Tente mais tarde.',
      maintenance: 'Este serviço está parado para manutenção.',
    },
    retry: 'Tentar novamente',
  },
  ar: {
    direction: 'rtl',
    title: 'جارٍ بدء التشغيل',
    text: 'كانت هذه الخدمة في وضع السكون وهي تبدأ الآن. ستُفتح الصفحة تلقائيًا فور جاهزيتها.',
    progress: 'تقدُّم بدء التشغيل (تقديري)',
    unknown: 'المدة اللازمة غير معروفة بعد.',
    usual: 'بقيت نحو {n} ثانية، وفقًا لآخر مرات البدء.',
    soon: 'من المفترض أن تكون جاهزة في أي لحظة.',
    late: 'يستغرق الأمر وقتًا أطول من المعتاد. ما زلنا نحاول.',
    failed: 'لم يبدأ التشغيل',
    maintenance: 'قيد الصيانة',
    failures: {
      timeout: 'لم تصبح الخدمة جاهزة في الوقت المحدد.',
      refused: 'تعذَّر طلب بدء تشغيل الخدمة.',
      full: 'عدد المنتظرين لهذه الخدمة كبير جدًا.',
      leaving: 'تجري إعادة تشغيل البوابة.',
      later: 'لا يمكن بدء تشغيل هذه الخدمة مجددًا بعد. يُرجى المحاولة لاحقًا.',
      maintenance: 'هذه الخدمة متوقفة للصيانة.',
    },
    retry: 'إعادة المحاولة',
  },
};
