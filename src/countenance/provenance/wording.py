"""The words in which a release tells people what was done to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """The wording of one language.

    `badge` and `made` stand on the picture: changed with AI, made by AI. `sentence` takes what was done, as a
    list joined by `joint`; `faces` stands for two and more. `whole` is the sentence of what was wholly made.
    `spoken` is what a voice says before a recording whose voice is synthetic; Japanese is written there in
    kana, because the voices of espeak-ng do not read kanji.
    """

    badge: str
    made: str
    sentence: str
    whole: str
    face: str
    faces: str
    mouth: str
    voice: str
    spoken: str
    joint: str = "; "


FALLBACK = "en"
WORDINGS = {
    "en": Wording(
        badge="AI modified",
        made="AI generated",
        sentence="This video was modified with AI: {}.",
        whole="This video was generated with AI.",
        face="a face was replaced",
        faces="several faces were replaced",
        mouth="mouth movements were re-made",
        voice="the voice is synthetic",
        spoken="Please note: the voice in this recording was made with artificial intelligence.",
    ),
    "de": Wording(
        badge="KI-bearbeitet",
        made="KI-generiert",
        sentence="Dieses Video wurde mit KI bearbeitet: {}.",
        whole="Dieses Video wurde mit KI erzeugt.",
        face="ein Gesicht wurde ersetzt",
        faces="mehrere Gesichter wurden ersetzt",
        mouth="Mundbewegungen wurden neu erzeugt",
        voice="die Stimme ist synthetisch",
        spoken="Hinweis: Die Stimme in dieser Aufnahme wurde mit künstlicher Intelligenz erzeugt.",
    ),
    "es": Wording(
        badge="Modificado con IA",
        made="Generado con IA",
        sentence="Este vídeo ha sido modificado con IA: {}.",
        whole="Este vídeo ha sido generado con IA.",
        face="se ha sustituido un rostro",
        faces="se han sustituido varios rostros",
        mouth="se han rehecho los movimientos de la boca",
        voice="la voz es sintética",
        spoken="Aviso: la voz de esta grabación ha sido creada con inteligencia artificial.",
    ),
    "fr": Wording(
        badge="Modifié par IA",
        made="Généré par IA",
        sentence="Cette vidéo a été modifiée par IA : {}.",
        whole="Cette vidéo a été générée par IA.",
        face="un visage a été remplacé",
        faces="plusieurs visages ont été remplacés",
        mouth="les mouvements de la bouche ont été refaits",
        voice="la voix est synthétique",
        spoken="Attention : la voix de cet enregistrement a été créée par intelligence artificielle.",
        joint=" ; ",
    ),
    "it": Wording(
        badge="Modificato con IA",
        made="Generato con IA",
        sentence="Questo video è stato modificato con l'IA: {}.",
        whole="Questo video è stato generato con l'IA.",
        face="un volto è stato sostituito",
        faces="diversi volti sono stati sostituiti",
        mouth="i movimenti della bocca sono stati rifatti",
        voice="la voce è sintetica",
        spoken="Avviso: la voce in questa registrazione è stata creata con l'intelligenza artificiale.",
    ),
    "nl": Wording(
        badge="AI-bewerkt",
        made="AI-gegenereerd",
        sentence="Deze video is met AI bewerkt: {}.",
        whole="Deze video is met AI gegenereerd.",
        face="een gezicht is vervangen",
        faces="meerdere gezichten zijn vervangen",
        mouth="mondbewegingen zijn opnieuw gemaakt",
        voice="de stem is synthetisch",
        spoken="Let op: de stem in deze opname is met kunstmatige intelligentie gemaakt.",
    ),
    "pt": Wording(
        badge="Modificado com IA",
        made="Gerado com IA",
        sentence="Este vídeo foi modificado com IA: {}.",
        whole="Este vídeo foi gerado com IA.",
        face="um rosto foi substituído",
        faces="vários rostos foram substituídos",
        mouth="os movimentos da boca foram refeitos",
        voice="a voz é sintética",
        spoken="Aviso: a voz desta gravação foi criada com inteligência artificial.",
    ),
    "pl": Wording(
        badge="Zmodyfikowano z użyciem AI",
        made="Wygenerowano z użyciem AI",
        sentence="Ten film zmodyfikowano z użyciem AI: {}.",
        whole="Ten film wygenerowano z użyciem AI.",
        face="zastąpiono twarz",
        faces="zastąpiono kilka twarzy",
        mouth="ruchy ust utworzono na nowo",
        voice="głos jest syntetyczny",
        spoken="Uwaga: głos w tym nagraniu został stworzony z użyciem sztucznej inteligencji.",
    ),
    "tr": Wording(
        badge="Yapay zekâ ile değiştirildi",
        made="Yapay zekâ ile üretildi",
        sentence="Bu video yapay zekâ ile değiştirildi: {}.",
        whole="Bu video yapay zekâ ile üretildi.",
        face="bir yüz değiştirildi",
        faces="birden fazla yüz değiştirildi",
        mouth="ağız hareketleri yeniden oluşturuldu",
        voice="ses sentetiktir",
        spoken="Dikkat: bu kayıttaki ses yapay zekâ ile oluşturulmuştur.",
    ),
    "ar": Wording(
        badge="تم تعديله بالذكاء الاصطناعي",
        made="تم إنشاؤه بالذكاء الاصطناعي",
        sentence="تم تعديل هذا الفيديو بالذكاء الاصطناعي: {}.",
        whole="تم إنشاء هذا الفيديو بالذكاء الاصطناعي.",
        face="تم استبدال وجه",
        faces="تم استبدال عدة وجوه",
        mouth="أعيد إنشاء حركات الفم",
        voice="الصوت اصطناعي",
        spoken="تنبيه: الصوت في هذا التسجيل تم إنشاؤه بالذكاء الاصطناعي.",
        joint="؛ ",
    ),
    "ja": Wording(
        badge="AI加工",
        made="AI生成",
        sentence="この動画はAIで加工されています：{}。",
        whole="この動画はAIで生成されています。",
        face="一人の顔の差し替え",
        faces="複数人の顔の差し替え",
        mouth="口の動きの再生成",
        voice="合成音声",
        spoken="ごちゅうい ください。この ろくおんの こえは、じんこう ちのうで つくられて います。",
        joint="、",
    ),
    "zh": Wording(
        badge="AI合成",
        made="AI生成",
        sentence="本视频由AI合成：{}。",
        whole="本视频由AI生成。",
        face="一张人脸已替换",
        faces="多张人脸已替换",
        mouth="口型已重新生成",
        voice="语音为合成",
        spoken="请注意，本录音中的声音由人工智能生成。",
        joint="；",
    ),
    "hi": Wording(
        badge="AI से संशोधित",
        made="AI से निर्मित",
        sentence="इस वीडियो को AI से संशोधित किया गया है: {}।",
        whole="यह वीडियो AI से बनाया गया है।",
        face="एक चेहरा बदला गया है",
        faces="कई चेहरे बदले गए हैं",
        mouth="मुँह की हरकतें फिर से बनाई गई हैं",
        voice="आवाज़ कृत्रिम है",
        spoken="कृपया ध्यान दें: इस रिकॉर्डिंग की आवाज़ कृत्रिम बुद्धिमत्ता से बनाई गई है।",
    ),
}  # fmt: skip


def wording(language: str) -> Wording:
    """The wording of a language ("de-AT" takes "de"); English where we have none."""
    return WORDINGS.get(language.lower().split("-")[0], WORDINGS[FALLBACK])
