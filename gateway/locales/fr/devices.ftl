# Les appareils sans agent : téléphones, tablettes, ordinateurs qui ont le programme WireGuard.

devices-mark = sans agent
devices-add = Ajouter un appareil sans agent
devices-add-lead = Un téléphone, une tablette, ou un ordinateur où notre programme ne s’installe pas. Il utilise le programme WireGuard, gratuit.
devices-label-name = Nom de l’appareil
devices-hint-name = Par exemple : téléphone de l’accueil.
devices-label-key = Clé publique de l’appareil (facultatif)
devices-hint-key = Sur un ordinateur, WireGuard montre une clé publique dans « Ajouter un tunnel vide » : collez-la ici, et la clé secrète ne quitte pas l’appareil. Sur un téléphone, laissez vide.
devices-button = Ajouter l’appareil
devices-give-up = Renoncer
devices-name = Donnez à l’appareil un nom de 64 caractères au plus.
devices-key = Ce n’est pas une clé publique de WireGuard : elle a 44 signes et finit par « = ». Copiez-la de nouveau, ou laissez vide.
devices-key-reserved = Cette clé n’est pas celle de l’appareil, mais celle de la passerelle ou d’un bon de raccordement. Copiez celle que WireGuard montre sur l’appareil, sous « Clé publique » de l’interface.
devices-key-taken = Cette clé est ou a été celle d’un autre poste. Faites-en une nouvelle dans WireGuard.
devices-no-randomness = Le serveur ne peut pas faire de clé pour le moment. Recommencez dans une minute.
devices-no-gateway-key = Le service des liaisons n’a pas encore répondu : l’appareil ne peut pas être ajouté. Recommencez dans une minute.
devices-lead = Sa configuration n’est montrée que pendant une demi-heure, à vous seul. Elle n’est gardée nulle part.
devices-step-program = Sur l’appareil, installez WireGuard, du magasin d’applications ou de wireguard.com.
devices-step-scan = Téléphone ou tablette : dans WireGuard, « + », puis « Scanner un code QR ». Ordinateur : « Importer un tunnel », avec le fichier ci-dessous.
devices-step-copy = Dans WireGuard, ajoutez ces lignes au tunnel vide, sous la ligne PrivateKey qui y est déjà, puis enregistrez.
devices-step-authority = Installez le certificat de la communauté, pour que le navigateur reconnaisse l’intranet. Le guide dit comment, pour chaque système.
devices-authority = Certificat de la communauté
devices-step-open = Activez le tunnel, et ouvrez dans le navigateur :
devices-drawing = La configuration, pour l’appareil photo de WireGuard
devices-file = Enregistrer la configuration
devices-text = Voir la configuration
devices-secret = Cette configuration est une clé : ne l’envoyez pas par courriel. Si l’appareil est perdu, retirez-le depuis la page de sa commune.
devices-gone = La configuration n’est plus montrée. Si l’appareil ne l’a pas, retirez-le depuis la page de sa commune et ajoutez-le de nouveau.
